"""The Helm front door: the values model, ``--set``, and the chart made of them."""
