"""Namespaces and cluster policies that let a server's pods in."""
