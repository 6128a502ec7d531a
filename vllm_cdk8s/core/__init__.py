"""What is known: vLLM, Kubernetes and models as pure Python, without jsii; frozen values and plain data."""
