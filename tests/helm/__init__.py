"""The Helm front door."""
