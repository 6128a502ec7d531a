"""What is wrong in anybody's manifests: reads them, finds the vLLM servers, and applies the rule book."""
