"""docs/security.md: what its table says of pods is so, and what it says is refused is refused."""

import re
from typing import Any

import pytest

from tests import synthesis
from tests.pod_security_standards import strictest_level
from tests.snippets import DOCS
from vllm_cdk8s import ConflictError, DropCacheWrapper, NonRoot, RestrictedNamespace, VllmCdk8sError, VllmServer

PAGE = (DOCS / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
ROWS = {what: (default, tighter) for what, default, tighter in ROW.findall(PAGE)}


def template(**options: Any) -> dict[str, Any]:
    chart = synthesis.new_chart(namespace="llm")
    VllmServer(chart, "llm", **synthesis.PLAIN, **options)
    found: dict[str, Any] = synthesis.the(chart, "Deployment")["spec"]["template"]
    return found


def test_the_levels_are_those_of_the_pods() -> None:
    levels = (strictest_level(template()), strictest_level(template(non_root=NonRoot())))
    assert levels == ("baseline", "restricted")
    assert all(f'"{level}"' in said for level, said in zip(levels, ROWS["Pod Security Standard"], strict=True))


@pytest.mark.parametrize("options", [{}, {"non_root": NonRoot()}], ids=["default", "tighter"])
def test_what_holds_for_both_holds(options: dict[str, Any]) -> None:
    pod = template(**options)["spec"]
    (container,) = pod["containers"]
    assert ROWS["privilege escalation"] == ("off", "the same")
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert ROWS["service-account token"][0].startswith("not mounted")
    assert pod["automountServiceAccountToken"] is False
    assert ROWS["service links"][0].startswith("off")
    assert pod["enableServiceLinks"] is False
    assert ROWS["root filesystem"][0].startswith("writable")
    assert "readOnlyRootFilesystem" not in container["securityContext"]


def test_the_ordinary_user_is_the_one_it_says() -> None:
    pod = template(non_root=NonRoot())["spec"]
    context = {**pod["securityContext"], **pod["containers"][0]["securityContext"]}
    assert ROWS["user"] == ("the image's, which is root", "1000, or the numbers of `NonRoot`")
    assert context["runAsUser"] == 1000
    assert ROWS["capabilities, seccomp"] == ("the runtime's", "none, RuntimeDefault")
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "runAsUser" not in str(template())


@pytest.mark.parametrize(
    "options",
    [
        {"env": {"HF_TOKEN": "hf_abcdefghijklmnopqrstuvwxyz012345"}},
        {"engine_args": {"api_key": ["sk-abcdefghijklmnopqrstuvwxyz"]}},
        {"extra_args": ["--api-key=sk-abcdefghijklmnopqrstuvwxyz"]},
        {
            "extra_containers": [
                {
                    "name": "a",
                    "image": "b",
                    "env": [{"name": "HF_TOKEN", "value": "hf_abcdefghijklmnopqrstuvwxyz012345"}],
                }
            ]
        },
    ],
    ids=["variables", "settings", "arguments", "sidecars"],
)
def test_a_literal_secret_does_not_synthesize_and_is_not_repeated(options: dict[str, Any]) -> None:
    with pytest.raises(VllmCdk8sError) as caught:
        template(**options)
    assert "abcdefghij" not in str(caught.value)


def test_what_gives_the_node_away_needs_a_namespace_for_it() -> None:
    chart = synthesis.new_chart(namespace="llm")
    RestrictedNamespace(chart, "namespace", name="llm")
    VllmServer(chart, "llm", **synthesis.PLAIN, drop_cache=DropCacheWrapper(chart, "wrapper"))
    with pytest.raises((ConflictError, RuntimeError), match="privileged"):
        synthesis.to_yaml(chart)
