"""vLLM's command line: typed arguments, the catalogue per version, the checks, the argv."""
