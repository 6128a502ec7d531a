"""Metrics, alerts and dashboards of vLLM as plain data."""
