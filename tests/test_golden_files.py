"""Every golden file is what an API server of every Kubernetes minor accepts, field by field."""

from pathlib import Path

import pytest

from tests.kubernetes_schemas import assert_valid, since
from tests.synthesis import GOLDEN

FILES = sorted(GOLDEN.glob("*/*.yaml"))
# Gone since Kubernetes 1.25, and held field by field in test_pod_security.py.
OLD_POLICY = "policy/v1beta1/PodSecurityPolicy"


def test_there_are_golden_files() -> None:
    assert {"test_server", "test_storage", "test_pod_security", "test_app"} <= {path.parent.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_file_is_valid_on_every_kubernetes_minor(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Claims for devices have their present fields since 1.31; docs/server.md says so.
    minors = since("1.31") if "resourceClaims:" in text else None
    # What makes them is served as resource.k8s.io/v1 since 1.34.
    minors = since("1.34") if "kind: ResourceClaimTemplate" in text else minors
    # Native sidecars are on by default since 1.29; docs/disaggregated.md says so.
    if "restartPolicy: Always" in text:
        minors = minors or since("1.29")
    assert_valid(text, minors, except_kinds=[OLD_POLICY] if "kind: PodSecurityPolicy" in text else [])
