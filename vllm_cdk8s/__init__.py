"""cdk8s constructs that deploy the vLLM inference server on Kubernetes."""
