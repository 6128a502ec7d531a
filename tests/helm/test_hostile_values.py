"""Whatever stands at whichever path: it is taken, or refused with the path and without a secret; nothing breaks."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release_plan import plan_release
from vllm_cdk8s.helm.validation import check_values, field_paths

TOKEN = "hf_" + "abcDEF0123456789abcDEF0123456789ab"
HOSTILE: list[Any] = [
    "x", "", None, True, -1, 2**31, 2**63, 1.5, 1e300, [], {}, [None], ["x"], [{}], {"a": None}, {"a": {"b": ["c"]}},
    [{"name": "a", "emptyDir": {}}], ["--compilation-config", "[]"], "x" * 300, "a b", "../..", "$(X)", "{{ x }}",
    TOKEN,
]  # fmt: skip
# What is only looked at where it is asked for.
SWITCHES = ("ingress", "autoscaling", "monitoring")
# Names that have no place in a message about values.
OF_PYTHON = ("engine_args", "extra_args", "unchecked_args", "Deployment.spec", "max_replicas", "kai=")


def values_with(path: str, value: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"resources": {"limits": {"nvidia.com/gpu": 1}}}
    *above, last = path.split(".")
    at = data
    for step in above:
        at = at.setdefault(step, {})
    at[last] = copy.deepcopy(value)
    for section in SWITCHES:
        if above[:1] == [section] and last != "enabled":
            data[section].setdefault("enabled", True)
    if above[:2] == ["monitoring", "serviceMonitor"]:
        data["monitoring"]["serviceMonitor"].setdefault("enabled", True)
    return data


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_nothing_breaks_whatever_stands_anywhere(value: Any) -> None:
    for path in sorted(field_paths()):
        said = ""
        try:
            plan = plan_release("prod", check_values(values_with(path, value)))
            said = "\n".join(map(str, plan.warnings))
            if value == TOKEN and path != "global":
                assert TOKEN not in str([manifest.wire() for manifest in plan.manifests()]), path
        except ValuesError as error:
            said = str(error)
        assert TOKEN not in said, path
        # Names of Python's have no place here.
        assert not any(word in said for word in ("engine_args", "extra_args", "unchecked_args", "Deployment.spec")), (
            said
        )
