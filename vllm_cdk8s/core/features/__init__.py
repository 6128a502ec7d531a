"""Options of a server that add to its pod and to vLLM's settings: adapters, chat templates."""
