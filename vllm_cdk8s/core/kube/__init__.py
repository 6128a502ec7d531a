"""Kubernetes' language: names, quantities, labels, Pod Security Standards."""
