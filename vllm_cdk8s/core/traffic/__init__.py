"""How requests reach a server, and who may send them: Ingress, HTTPRoute, InferencePool, NetworkPolicy."""
