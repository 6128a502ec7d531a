from typing import Any

import pytest

from tests.core.kube.test_pod_security_standards import EVERYWHERE, EVERYWHERE_RESTRICTED, hardened, plain, put
from tests.pod_security_standards import strictest_level
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, Problem, VllmCdk8sWarning, collecting
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


def test_an_image_that_runs_no_vllm_may_have_a_user_of_its_own() -> None:
    ordinary = {**NOTHING, "pod": {"runAsNonRoot": True}}
    assert security(**ordinary)[0]["securityContext"] == {"runAsNonRoot": True}
    with pytest.raises(ConflictError, match="True with vLLM's own image, whose user is root, does not start"):
        security(**ordinary, image="vllm/vllm-openai:v0.20.2")


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


# What cannot run, or is refused by the API server.

OFFICIAL = "vllm/vllm-openai:v0.20.2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pod": {"runAsUser": "1000"}}, "pod_security_context.runAsUser: '1000' is not a whole number"),
        ({"pod": {"runAsUser": -1}}, "pod_security_context.runAsUser: -1 is out of range"),
        ({"pod": {"fsGroup": 2**31}}, "pod_security_context.fsGroup: 2147483648 is out of range"),
        ({"pod": {"privileged": True}}, "pod_security_context: 'privileged' is not a field of PodSecurityContext"),
        ({"pod": {"seccompProfile": {"type": "Localhost"}}}, "pod_security_context.seccompProfile.localhostProfile: "),
        ({"pod": ["x"]}, "pod_security_context: ['x'] is not a mapping"),
        ({"container": {"fsGroup": 1}}, "security_context: 'fsGroup' is not a field of SecurityContext"),
        (
            {"container": {"readOnlyRootFilesystem": "no"}},
            "security_context.readOnlyRootFilesystem: 'no' is not a bool",
        ),
        ({"container": {"capabilities": ["ALL"]}}, "security_context.capabilities: ['ALL'] is not a mapping"),
        (
            {"container": {"privileged": True, "allowPrivilegeEscalation": False}},
            "security_context.allowPrivilegeEscalation: False contradicts privileged: true",
        ),
        (
            {"container": {"capabilities": {"add": ["SYS_ADMIN"]}, "allowPrivilegeEscalation": False}},
            "security_context.allowPrivilegeEscalation: False contradicts the capability SYS_ADMIN",
        ),
        (
            {"container": {"runAsNonRoot": True, "runAsUser": 0}},
            "security_context.runAsNonRoot: True contradicts runAsUser: 0",
        ),
        (
            {"pod": {"runAsUser": 0}, "container": {"runAsNonRoot": True}, "image": OFFICIAL},
            "security_context.runAsNonRoot: True contradicts runAsUser: 0",
        ),
        (
            {"pod": {"runAsNonRoot": True}, "image": OFFICIAL},
            "pod_security_context.runAsNonRoot: True with vLLM's own image, whose user is root, does not start; say",
        ),
        (
            {"pod": {"runAsUser": 1000}, "home_of_models": "/root/.cache"},
            "pod_security_context.runAsUser: 1000 cannot reach the models at '/root/.cache'",
        ),
        (
            {"container": {"runAsUser": 1000}, "home_of_models": "/root"},
            "security_context.runAsUser: 1000 cannot reach the models at '/root'",
        ),
        (
            {"container": {"readOnlyRootFilesystem": True}, "mounts": [{"mountPath": "/root/.cache"}]},
            "security_context.readOnlyRootFilesystem: True leaves vLLM nothing to write to at /tmp;",
        ),
        (
            {"container": {"readOnlyRootFilesystem": True}, "mounts": [{"mountPath": "/models"}]},
            "security_context.readOnlyRootFilesystem: True leaves vLLM nothing to write to at /tmp and /root/.cache;",
        ),
    ],
)
def test_contexts_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        security(**{**NOTHING, **options})
    assert str(caught.value).startswith(message)


def test_a_user_that_is_not_said_warns_with_another_image() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"pod_security_context.runAsNonRoot: True without runAsUser") as caught:
        security(**{**NOTHING, "pod": {"runAsNonRoot": True}, "image": "registry.example.com/team/engine:1"})
    assert "[VC505]" in str(caught[0].message)


@pytest.mark.parametrize(
    "options",
    [
        {"pod": {"runAsNonRoot": True, "runAsUser": 1000}, "image": OFFICIAL, "home_of_models": "/models"},
        {"container": {"runAsUser": 0}, "home_of_models": "/root/.cache", "image": OFFICIAL},
        {
            "container": {"readOnlyRootFilesystem": True},
            "mounts": [{"mountPath": "/tmp"}, {"mountPath": "/root"}],  # noqa: S108 - the container's
        },
        {
            "container": {"readOnlyRootFilesystem": True},
            "home": "/models",
            "mounts": [{"mountPath": "/tmp/"}, {"mountPath": "/models"}],  # noqa: S108 - the container's
        },
        {"non_root": NonRoot(), "image": OFFICIAL, "home_of_models": "/home/vllm/.cache"},
    ],
)
def test_contexts_that_can_run_are_taken(options: dict[str, Any]) -> None:
    security(**{**NOTHING, **options})


def test_none_takes_a_default_away_as_arbitrary_users_need_it() -> None:
    fields, container = security(
        drop_cache=False, non_root=NonRoot(), image=OFFICIAL,
        pod={"runAsUser": None, "runAsGroup": None, "fsGroup": None}, container={"allowPrivilegeEscalation": None},
    )  # fmt: skip
    assert fields["securityContext"] == {
        "runAsNonRoot": True,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container == {"capabilities": {"drop": ["ALL"]}}
    assert security(**{**NOTHING, "container": {"allowPrivilegeEscalation": None}})[1] == {}


@pytest.mark.parametrize("capability", ["SYS_ADMIN", "CAP_SYS_ADMIN"])
def test_our_default_does_not_stand_beside_a_capability_that_it_excludes(capability: str) -> None:
    added, found = {"capabilities": {"add": [capability]}}, list[Problem]()
    with collecting(found):
        assert security(**{**NOTHING, "container": added})[1] == added
    warned = "security_context.capabilities.add[0]: 'CAP_SYS_ADMIN' is unknown to containerd"
    assert all(problem.line().startswith(warned) for problem in found)
    assert len(found) == capability.startswith("CAP_")
    beside = security(**{**NOTHING, "container": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}})[1]
    assert beside["allowPrivilegeEscalation"] is False


def test_a_capability_of_the_users_own_stands_beside_the_dropped_ones() -> None:
    _, container = security(
        **{**NOTHING, "non_root": NonRoot(), "container": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}}
    )
    assert container["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
