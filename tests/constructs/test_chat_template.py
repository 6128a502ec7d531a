from pathlib import Path
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.synthesis import PLAIN, assert_golden, documents, new_chart, of_kind, pod_spec, the, vllm_container
from vllm_cdk8s.constructs.chat_template import ChatTemplate
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError
from vllm_cdk8s.core.features.chat_template import ANNOTATION

TEMPLATE = """{%- for message in messages -%}
<|{{ message.role }}|>{{ message.content }}
{%- endfor -%}
$(NOT_EXPANDED) $$ "quotes" ünicode
"""


def server(chart: cdk8s.Chart, id: str = "qwen", **options: Any) -> VllmServer:
    return VllmServer(chart, id, **{**PLAIN, **options})


def annotations(chart: cdk8s.Chart) -> dict[str, str]:
    found: dict[str, str] = the(chart, "Deployment")["spec"]["template"]["metadata"].get("annotations", {})
    return found


def test_the_template_reaches_vllm_as_a_file_letter_by_letter() -> None:
    chart = new_chart()
    server(chart, chat_template=ChatTemplate(chart, "template", text=TEMPLATE))
    [path] = [arg for arg in vllm_container(chart)["args"] if arg.startswith("--chat-template")]
    assert path == "--chat-template=/etc/vllm/chat-template.jinja"
    config_map = the(chart, "ConfigMap")
    assert config_map["data"] == {"chat-template.jinja": TEMPLATE}
    [volume] = [volume for volume in pod_spec(chart)["volumes"] if "configMap" in volume]
    assert volume["configMap"] == {
        "name": config_map["metadata"]["name"],
        "items": [{"key": "chat-template.jinja", "path": "chat-template.jinja"}],
    }
    assert {"name": volume["name"], "mountPath": "/etc/vllm", "readOnly": True} in vllm_container(chart)["volumeMounts"]


def test_another_template_changes_the_pods_and_the_same_one_does_not() -> None:
    seen = []
    for text in (TEMPLATE, TEMPLATE, TEMPLATE + " "):
        chart = new_chart()
        server(chart, chat_template=ChatTemplate(chart, "template", text=text))
        seen.append(the(chart, "Deployment")["spec"]["template"])
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
    assert seen[0]["spec"] == seen[2]["spec"]


def test_a_file_is_read_when_the_app_runs(tmp_path: Path) -> None:
    file = tmp_path / "tool_chat_template.jinja"
    file.write_text(TEMPLATE, encoding="utf-8")
    chart, other = new_chart(), new_chart()
    server(chart, chat_template=ChatTemplate.from_file(chart, "template", file))
    server(other, chat_template=ChatTemplate(other, "template", text=TEMPLATE))
    assert documents(chart) == documents(other)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptionError, match=r"^path: '.*missing\.jinja' cannot be read: .*No such file"):
        ChatTemplate.from_file(new_chart(), "template", tmp_path / "missing.jinja")
    (tmp_path / "latin.jinja").write_bytes(b"{{ '\xe9' }}")
    with pytest.raises(InvalidOptionError, match=r"^path: .* cannot be read"):
        ChatTemplate.from_file(new_chart(), "template", tmp_path / "latin.jinja")


def test_a_config_map_by_name_is_mounted_and_nothing_is_made() -> None:
    chart = new_chart()
    server(chart, chat_template=ChatTemplate.from_config_map(chart, "template", "templates", key="qwen.jinja"))
    assert not of_kind(chart, "ConfigMap")
    [volume] = [volume for volume in pod_spec(chart)["volumes"] if "configMap" in volume]
    assert volume["configMap"] == {
        "name": "templates",
        "items": [{"key": "qwen.jinja", "path": "chat-template.jinja"}],
    }
    assert ANNOTATION not in annotations(chart)


def test_a_config_map_of_the_app_counts_for_the_digest() -> None:
    digests = []
    for text in ("{{ a }}", "{{ b }}"):
        chart = new_chart()
        config_map = kplus.ConfigMap(chart, "templates", data={"qwen.jinja": text, "other": "x"})
        template = ChatTemplate.from_config_map(chart, "template", config_map, key="qwen.jinja")
        server(chart, chat_template=template)
        assert template.config_map.name == config_map.name
        digests.append(annotations(chart)[ANNOTATION])
    assert digests[0] != digests[1]


def test_an_imported_config_map_has_no_digest() -> None:
    chart = new_chart()
    imported = kplus.ConfigMap.from_config_map_name(chart, "imported", "templates")
    server(chart, chat_template=ChatTemplate.from_config_map(chart, "template", imported))
    assert ANNOTATION not in annotations(chart)


def test_one_template_serves_several_servers() -> None:
    chart = new_chart()
    template = ChatTemplate(chart, "template", text=TEMPLATE, name="chat", labels={"team": "a"})
    for name in ("a", "b"):
        server(chart, name, chat_template=template)
    assert the(chart, "ConfigMap")["metadata"] == {"name": "chat", "labels": {"team": "a"}}
    assert len(of_kind(chart, "Deployment")) == 2


def test_annotations_of_the_users_own_stay() -> None:
    chart = new_chart()
    template = ChatTemplate(chart, "template", text=TEMPLATE)
    server(chart, chat_template=template, pod_annotations={"team": "a"})
    assert annotations(chart).keys() == {"team", ANNOTATION}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"engine_args": {"chat_template": "/templates/x.jinja"}},
            r"^engine_args\['chat_template'\]: '/templates/x\.jinja' contradicts chat_template",
        ),
        ({"pod_annotations": {ANNOTATION: "1"}}, r"^pod_annotations\['checksum/chat-template'\]: '1' contradicts"),
        (
            {"volumes": [{"name": "x", "emptyDir": {}}], "volume_mounts": [{"name": "x", "mountPath": "/etc/vllm"}]},
            r"^volume_mounts: '/etc/vllm' is there twice",
        ),
    ],
)
def test_contradictions_name_the_users_option(options: dict[str, Any], message: str) -> None:
    chart = new_chart()
    with pytest.raises(ConflictError, match=message.replace("^", "^llm/[a-z]+: ")):
        server(chart, chat_template=ChatTemplate(chart, "template", text=TEMPLATE), **options)


def test_a_template_of_another_namespace_is_refused() -> None:
    chart = new_chart(namespace="llm")
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "elsewhere", namespace="elsewhere")
    with pytest.raises(
        ConflictError, match=r"^[^ ]+/[^ ]+: chat_template: .*is in namespace 'elsewhere', the server in 'llm'"
    ):
        server(chart, chat_template=ChatTemplate(elsewhere, "template", text=TEMPLATE))


def test_two_templates_of_one_name_are_refused() -> None:
    chart = new_chart()
    ChatTemplate(chart, "a", text=TEMPLATE, name="chat")
    with pytest.raises(ConflictError, match=r"^name: 'chat' is the name of two ConfigMaps: llm/a and llm/b"):
        ChatTemplate(chart, "b", text=TEMPLATE, name="chat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^text: '' is empty"),
        ("templates/qwen.jinja", r"^text: 'templates/qwen\.jinja' is not a Jinja template.*from_file"),
        ("x" * 100, r"^text: 'x{40}\.\.\.' is not a Jinja template"),
        ("{{ x }}" + "ü" * 600_000, r"^text: is more than the 1 MiB"),
        (None, r"^text: None is not a string"),
    ],
)
def test_what_is_no_template_is_refused(text: Any, message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        ChatTemplate(new_chart(), "template", text=text)


def test_an_entry_that_is_not_in_the_config_map_is_refused_with_the_nearest() -> None:
    chart = new_chart()
    config_map = kplus.ConfigMap(chart, "templates", data={"qwen.jinja": "{{ a }}"})
    with pytest.raises(InvalidOptionError, match=r"^key: 'qwen\.jinga' is not in .*did you mean 'qwen\.jinja'\?"):
        ChatTemplate.from_config_map(chart, "template", config_map, key="qwen.jinga")


@pytest.mark.parametrize("value", [3, "Not A Name"])
def test_what_is_no_config_map_is_refused(value: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^config_map: "):
        ChatTemplate.from_config_map(new_chart(), "template", value)


def test_a_plain_text_where_the_construct_belongs_is_refused() -> None:
    with pytest.raises(
        InvalidOptionError, match=r"^[^ ]+/[^ ]+: chat_template: '/x\.jinja' is not one; allowed: ChatTemplate"
    ):
        server(new_chart(), chat_template="/x.jinja")


def test_a_server_with_a_template_is_as_golden(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    server(chart, name="qwen", chat_template=ChatTemplate(chart, "template", text=TEMPLATE, name="qwen-chat"))
    assert_golden(chart, snapshot)
