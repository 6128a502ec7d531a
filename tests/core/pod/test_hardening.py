from typing import Any

import pytest

from tests.core.kube.test_pod_security_standards import EVERYWHERE, EVERYWHERE_RESTRICTED, hardened, plain, put
from tests.pod_security_standards import strictest_level
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.kube.pod_standards import pod_security_level
from vllm_cdk8s.core.pod.security import NonRoot, security

NOTHING: dict[str, Any] = {"drop_cache": False, "non_root": None, "pod": {}, "container": {}}


def pod_of(fields: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
    spec = {key: value for key, value in fields.items() if value}
    return {"spec": {**spec, "containers": [{"name": "vllm", "securityContext": container}]}}


def test_the_default_asks_for_no_privilege_and_is_baseline() -> None:
    fields, container = security(**NOTHING)
    assert fields == {"hostPID": None, "securityContext": {}}
    assert container == {"allowPrivilegeEscalation": False}
    assert strictest_level(pod_of(fields, container)) == "baseline"


def test_non_root_is_restricted() -> None:
    fields, container = security(**{**NOTHING, "non_root": NonRoot(uid=2000, gid=3000)})
    assert fields["securityContext"]["runAsUser"] == 2000
    assert fields["securityContext"]["fsGroup"] == 3000
    assert strictest_level(pod_of(fields, container)) == "restricted"


def test_drop_cache_is_privileged_for_the_rules_it_must_break() -> None:
    fields, container = security(**{**NOTHING, "drop_cache": True})
    assert fields["hostPID"] is True
    assert container == {"privileged": True}
    assert strictest_level(pod_of(fields, container)) == "privileged"


def test_a_users_own_context_wins_over_the_profile() -> None:
    fields, container = security(
        drop_cache=False,
        non_root=NonRoot(),
        pod={"fsGroupChangePolicy": "Always"},
        container={"readOnlyRootFilesystem": True},
    )
    assert fields["securityContext"]["fsGroupChangePolicy"] == "Always"
    assert container["readOnlyRootFilesystem"] is True
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_a_privileged_container_of_the_users_own_is_left_alone() -> None:
    _, container = security(**{**NOTHING, "container": {"privileged": True}})
    assert container == {"privileged": True}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"non_root": NonRoot()}, "non_root: contradicts drop_cache"),
        ({"container": {"privileged": False}}, "security_context: privileged: False contradicts drop_cache"),
        ({"container": {"runAsNonRoot": True}}, "security_context: runAsNonRoot: True contradicts drop_cache"),
        ({"pod": {"runAsNonRoot": True}}, "security_context: runAsNonRoot: True contradicts drop_cache"),
    ],
)
def test_drop_cache_refuses_what_would_stop_it(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConflictError, match=message):
        security(**{**NOTHING, "drop_cache": True, **options})


def test_a_storage_where_only_root_may_go_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"non_root: .*'/root/.cache'.*mount_path='/home/vllm/.cache'"):
        NonRoot().check_mount_path("/root/.cache")
    NonRoot().check_mount_path("/rooted/models")


@pytest.mark.parametrize("options", [{"uid": 0}, {"uid": True}, {"gid": 0}, {"home": "vllm"}])
def test_a_user_that_is_root_or_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match=rf"non_root\.{next(iter(options))}: "):
        NonRoot(**options)


@pytest.mark.parametrize(("control", "path", "bad", "good"), EVERYWHERE)
def test_our_level_agrees_with_the_published_baseline(control: str, path: str, bad: Any, good: Any) -> None:
    for value in (bad, good):
        pod = put(plain(), path, value)
        assert pod_security_level(pod) == strictest_level(pod), control


@pytest.mark.parametrize(("control", "path", "bad", "good"), EVERYWHERE_RESTRICTED)
def test_our_level_agrees_with_the_published_restricted_standard(control: str, path: str, bad: Any, good: Any) -> None:
    for value in (bad, good):
        if value is None:  # no value of this field alone is good
            continue
        pod = put(hardened(), path, value)
        assert pod_security_level(pod) == strictest_level(pod), control
