"""``python -m vllm_cdk8s`` is the ``vllm-cdk8s`` command."""

import sys

from vllm_cdk8s.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
