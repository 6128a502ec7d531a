"""A DisaggregatedSet of anybody's: what its schema and its webhook refuse, told before it is applied."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.crd_examples import EXAMPLES
from tests.lint.manifests import GOOD, codes, run

TEMPLATE = GOOD["spec"]["template"]
EXCLUSIVE = {"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}
SET: dict[str, Any] = {
    "apiVersion": "disaggregatedset.x-k8s.io/v1",
    "kind": "DisaggregatedSet",
    "metadata": {"name": "llm", "namespace": "ai"},
    "spec": {
        "roles": [
            {"name": name, "spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 1, "workerTemplate": TEMPLATE}}}
            for name in ("prefill", "decode")
        ]
    },
}


def changed(role: int, **changes: Any) -> dict[str, Any]:
    result = deepcopy(SET)
    result["spec"]["roles"][role] |= changes
    return result


def spec(**changes: Any) -> dict[str, Any]:
    return {**SET["spec"]["roles"][0]["spec"], **changes}


def test_a_good_set_is_clean_and_so_is_the_schemas_own_example(tmp_path: Path) -> None:
    assert run(tmp_path, SET) == []
    example = EXAMPLES["DisaggregatedSet"].replace("slices: 2", "slices: 1")
    assert "VC455" not in codes(run(tmp_path, example))


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (changed(1, name="prefill"), "'prefill' is the name of two roles"),
        (changed(0, spec=spec(replicas=0)), "replicas: 0 while another role has some"),
        (
            changed(1, spec=spec(rolloutStrategy={"rollingUpdateConfiguration": {"partition": 1}})),
            "partition: 1 would hold one role back",
        ),
        (changed(1, spec=spec(rolloutStrategy={"type": "OnDelete"})), "type: 'OnDelete' is not a way"),
        (
            {**changed(0, scaling={"mode": "External"}), "spec": {
                "slices": 2, "roles": changed(0, scaling={"mode": "External"})["spec"]["roles"],
            }},
            "slices: 'prefill' is scaled by",
        ),
        (
            {**SET, "spec": {
                "placementPolicy": {"type": "ExclusiveSlice", "topology": "rack"},
                "roles": changed(1, metadata={"annotations": EXCLUSIVE})["spec"]["roles"],
            }},
            "no slice would ever be placed",
        ),
    ],
)  # fmt: skip
def test_what_the_api_server_refuses_is_told_at_its_place(tmp_path: Path, manifest: dict[str, Any], words: str) -> None:
    [found] = run(tmp_path, manifest)
    assert (found.rule, found.severity) == ("VC455", "error")
    assert words in found.message
    assert found.line > 5


@pytest.mark.parametrize(
    "manifest",
    [
        {**SET, "spec": {"roles": [changed(0, spec=spec(replicas=0))["spec"]["roles"][0]] * 1}},
        changed(0, spec=spec(replicas=0), scaling={"mode": "External"}),
        changed(0, spec=spec(replicas=0), subRoles=[{"name": "short", "replicas": 1}]),
        {**SET, "spec": {"roles": "{{ .Values.roles }}"}},
        changed(1, metadata={"annotations": EXCLUSIVE}),
        {**SET, "spec": None},
    ],
)
def test_what_it_takes_is_no_finding(tmp_path: Path, manifest: dict[str, Any]) -> None:
    assert run(tmp_path, manifest) == []


def test_a_role_is_a_server_with_its_own_place(tmp_path: Path) -> None:
    role = deepcopy(SET["spec"]["roles"][1])
    role["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["args"] += [
        "--tensor-parallel-size=2"
    ]
    [found] = run(tmp_path, {**SET, "spec": {"roles": [SET["spec"]["roles"][0], role]}})
    assert found.rule == "VC201"
