"""The values of the chart: their defaults, what they accept of what people write, and what they say to the rest."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.model import Values
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.reference import default_values_text, values_schema
from vllm_cdk8s.helm.section import is_section
from vllm_cdk8s.helm.validation import check_values, field_paths, name_maps

# The chart's own table, as printed.
TABLE = """
| `replicaCount` | Number of replicas | `1` |
| `image.repository` | vLLM image repository | `vllm/vllm-openai` |
| `image.tag` | vLLM image tag | `latest` |
| `image.pullPolicy` | Image pull policy | `IfNotPresent` |
| `service.type` | Kubernetes service type | `ClusterIP` |
| `service.port` | Service port | `8000` |
| `vllm.model` | Model to load | `microsoft/DialoGPT-medium` |
| `vllm.host` | Host to bind to | `0.0.0.0` |
| `vllm.port` | Port to bind to | `8000` |
| `vllm.gpuMemoryUtilization` | GPU memory utilization | `0.9` |
| `vllm.maxModelLen` | Maximum model length | `2048` |
| `vllm.cudaGraphMode` | CUDA graph mode (v0.11.0+) | `FULL_AND_PIECEWISE` |
| `vllm.asyncScheduling` | Async scheduling (disabled in v0.11.0) | `false` |
| `resources` | Pod resource requests and limits | `{}` (not set) |
| `persistence.enabled` | Enable persistent storage | `true` |
| `persistence.existingClaim` | Use existing PVC instead of creating new one | `""` (create new) |
| `persistence.size` | Storage size (when creating new PVC) | `50Gi` |
| `persistence.storageClass` | Storage class name (when creating new PVC) | `""` |
| `slowStart.enabled` | Simple health probe configuration | `true` |
| `slowStart.maxStartupSeconds` | Max time for container to start serving | `600` (10 min) |
| `startupProbe.*` | Advanced manual probe config (if slowStart disabled) | See values.yaml |
| `livenessProbe.*` | Advanced manual probe config (if slowStart disabled) | See values.yaml |
| `readinessProbe.*` | Advanced manual probe config (if slowStart disabled) | See values.yaml |
| `init_drop_cache` | Enable drop-cache init container (requires privileged pod) | `false` |
"""
_UNKNOWN = "is not a value of this chart"
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()]


def plain(values: Values) -> Any:
    return msgspec.to_builtins(values)


def defaults() -> Any:
    return plain(Values())


def at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[key]
    return data


@pytest.mark.parametrize(
    ("path", "printed"), [(row[0].strip("`"), row[2]) for row in ROWS if not row[0].endswith(".*`")]
)
def test_each_default_is_the_tables(path: str, printed: str) -> None:
    value = parse_values(f"key: {printed.split('`')[1]}")["key"]
    default = at(defaults(), path)

    assert (default if path != "resources" else {kind: it for kind, it in default.items() if it}) == value


def test_the_defaults_that_the_table_leaves_to_the_values_file() -> None:
    found = defaults()

    http_get = {"path": "/health", "port": "http"}
    assert found["startupProbe"] == {
        "enabled": True, "httpGet": http_get, "initialDelaySeconds": 10, "periodSeconds": 10, "timeoutSeconds": 5,
        "failureThreshold": 60,
    }  # fmt: skip
    assert found["livenessProbe"] == {
        "enabled": True, "httpGet": http_get, "initialDelaySeconds": None, "periodSeconds": 30, "timeoutSeconds": 10,
        "failureThreshold": 3,
    }  # fmt: skip
    assert found["readinessProbe"] == {
        "enabled": True, "httpGet": http_get, "initialDelaySeconds": None, "periodSeconds": 10, "timeoutSeconds": 5,
        "failureThreshold": 3,
    }  # fmt: skip
    assert found["autoscaling"] == {
        "enabled": False, "minReplicas": 1, "maxReplicas": 100, "targetCPUUtilizationPercentage": 80,
        "targetMemoryUtilizationPercentage": None,
    }  # fmt: skip
    assert found["ingress"]["hosts"] == [{"host": "vllm.local", "paths": [{"path": "/", "pathType": "Prefix"}]}]
    assert found["serviceAccount"]["create"] is True
    assert found["persistence"]["accessMode"] == "ReadWriteOnce"
    assert found["monitoring"]["serviceMonitor"] == {
        "enabled": False, "interval": "30s", "scrapeTimeout": "10s", "labels": {}, "tlsConfig": {},
    }  # fmt: skip


def test_every_parameter_of_the_chart_is_known() -> None:
    sections = {
        "replicaCount", "image", "imagePullSecrets", "nameOverride", "fullnameOverride", "serviceAccount",
        "podAnnotations", "podSecurityContext", "securityContext", "init_drop_cache", "service", "ingress", "resources",
        "autoscaling", "nodeSelector", "tolerations", "affinity", "runtimeClassName", "kaischeduler", "vllm",
        "persistence", "slowStart", "startupProbe", "livenessProbe", "readinessProbe", "monitoring",
        # What the chart's text lacks and its users expect.
        "podLabels", "topologySpreadConstraints", "priorityClassName", "schedulerName", "strategy", "extraVolumes",
        "extraVolumeMounts", "extraContainers", "acknowledge", "global",
    }  # fmt: skip

    assert {path for path in field_paths() if "." not in path} == sections


def test_the_default_text_read_back_is_the_defaults() -> None:
    values = check_values(parse_values(default_values_text()))

    assert values == Values()
    # What "decide for me" stands for is not written down, since writing it down would decide.
    assert not {"max_model_len", "async_scheduling", "tensor_parallel_size"} & values.vllm.said


def test_the_default_text_explains_every_value() -> None:
    text = default_values_text()

    for path in field_paths():
        if not path.startswith("kaischeduler."):
            assert f"{path.rpartition('.')[2]}:" in text, path
    assert "  # maxModelLen: 2048\n" in text
    assert "  # asyncScheduling: false\n" in text
    assert "  # Storage size of a new claim\n  size: 50Gi\n" in text


def test_the_schema_accepts_the_defaults_and_refuses_what_the_model_refuses() -> None:
    schema = values_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    # At the root, for readers that look for the properties there.
    assert schema["properties"].keys() == {path for path in field_paths() if "." not in path}
    assert schema["additionalProperties"] is False
    assert "description" in schema["properties"]["ingress"]
    assert validator.is_valid(parse_values(default_values_text()))
    assert validator.is_valid(
        {"resources": {"limits": {"nvidia.com/gpu": "1", "cpu": 4}}, "vllm": {"maxModelLen": 8192}}
    )
    for bad in (
        {"replicaCont": 1},
        {"vllm": {"gpuMemoryUtilization": 1.5}},
        {"vllm": {"port": 0}},
        {"image": {"pullPolicy": "Sometimes"}},
        {"vllm": {"env": [{"value": "x"}]}},
    ):
        assert not validator.is_valid(bad), bad
        with pytest.raises(ValuesError):
            check_values(bad)


@pytest.mark.parametrize(
    ("data", "path", "value"),
    [
        ({"vllm": {"port": "8001"}}, "vllm.port", 8001),
        ({"vllm": {"gpuMemoryUtilization": "0.8"}}, "vllm.gpuMemoryUtilization", 0.8),
        ({"vllm": {"gpuMemoryUtilization": 1}}, "vllm.gpuMemoryUtilization", 1.0),
        ({"vllm": {"maxModelLen": "32k"}}, "vllm.maxModelLen", "32k"),
        ({"vllm": {"maxModelLen": "4096"}}, "vllm.maxModelLen", 4096),
        ({"persistence": {"enabled": "no"}}, "persistence.enabled", False),
        ({"persistence": {"enabled": "false"}}, "persistence.enabled", False),
        ({"init_drop_cache": "on"}, "init_drop_cache", True),
        ({"image": {"tag": 12}}, "image.tag", "12"),
        ({"podAnnotations": {"prometheus.io/scrape": True, "port": 8000}}, "podAnnotations",
         {"prometheus.io/scrape": "true", "port": "8000"}),
        ({"nodeSelector": {"a": "b", "c": None}}, "nodeSelector", {"a": "b"}),
        ({"resources": {"limits": {"cpu": 0.5, "nvidia.com/gpu": 1, "memory": None}}}, "resources.limits",
         {"cpu": "0.5", "nvidia.com/gpu": 1}),
        ({"vllm": None, "persistence": {"size": None}}, "persistence.size", "50Gi"),
        ({"vllm": {"maxModelLen": None}}, "vllm.maxModelLen", None),
        ({"vllm": {"additionalArgs": ["--seed", 3]}}, "vllm.additionalArgs", ["--seed", "3"]),
        ({"ingress": {"hosts": [{"host": "a.b"}]}}, "ingress.hosts",
         [{"host": "a.b", "paths": [{"path": "/", "pathType": "Prefix"}]}]),
        ({"affinity": {"nodeAffinity": {"x": None, "y": [1]}}}, "affinity", {"nodeAffinity": {"y": [1]}}),
        ({"securityContext": {"runAsUser": 0, "privileged": None}}, "securityContext", {"runAsUser": 0}),
    ],
)  # fmt: skip
def test_what_can_only_mean_one_thing_is_accepted(data: dict[str, Any], path: str, value: Any) -> None:
    assert at(plain(check_values(data)), path) == value


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"vllm": {"maxModelen": 1}}, f"vllm.maxModelen: {_UNKNOWN}; did you mean 'vllm.maxModelLen'?"),
        ({"replicas": 2}, f"replicas: {_UNKNOWN}; did you mean 'replicaCount'?"),
        ({"model": "x"}, "model: is not a value of this chart; did you mean 'vllm.model'?"),
        ({"Vllm": {}}, "Vllm: is not a value of this chart; did you mean 'vllm'?"),
        ({"resources": {"limit": {}}}, f"resources.limit: {_UNKNOWN}; did you mean 'resources.limits'?"),
        ({"ingress": {"hosts": [{"host": "a", "hots": "a"}]}}, "did you mean 'ingress.hosts[0].host'?"),
        ({"zzz": 1}, "zzz: is not a value of this chart"),
        ({"a b": 1}, '["a b"]: is not a value of this chart'),
        ({"vllm": {"port": "x"}}, "vllm.port: 'x' is not a whole number"),
        ({"vllm": {"port": True}}, "vllm.port: true is not a whole number; allowed: 1 to 65535"),
        ({"vllm": {"port": 8000.5}}, "vllm.port: 8000.5 is not a whole number"),
        ({"vllm": {"port": "0777"}}, "vllm.port: '0777' is not a whole number"),
        ({"vllm": {"port": 65536}}, "vllm.port: 65536 is out of range; allowed: 1 to 65535"),
        ({"vllm": {"port": "9" * 30}}, f"vllm.port: the number '{'9' * 30}' does not fit into 64 bits"),
        ({"replicaCount": -1}, "replicaCount: -1 is out of range; allowed: at least 0"),
        ({"vllm": {"gpuMemoryUtilization": 1.5}}, "Utilization: 1.5 is out of range; allowed: more than 0, at most 1"),
        ({"vllm": {"gpuMemoryUtilization": 0}}, "Utilization: 0 is out of range; allowed: more than 0, at most 1"),
        ({"vllm": {"gpuMemoryUtilization": "much"}}, "vllm.gpuMemoryUtilization: 'much' is not a number"),
        ({"vllm": {"maxModelLen": 0}}, "vllm.maxModelLen: 0 is out of range; allowed: at least 1"),
        ({"vllm": {"model": ""}}, "vllm.model: '' is empty"),
        ({"vllm": {"model": "  "}}, "vllm.model: '  ' is empty"),
        ({"vllm": {"cudaGraphMode": "FULL_AND_PIECWISE"}}, "did you mean 'FULL_AND_PIECEWISE'?"),
        ({"vllm": {"model": '"x"'}}, "vllm.model: '\"x\"' has quotation marks or blanks around it"),
        ({"image": {"repository": "x "}}, "image.repository: 'x ' has quotation marks or blanks around it"),
        ({"affinity": {"nodeAfinity": {}}}, "affinity: 'nodeAfinity' is not known; did you mean 'nodeAffinity'?"),
        ({"securityContext": {"fsGroup": 1}}, "securityContext: 'fsGroup' is not known"),
        ({"podSecurityContext": {"privileged": True}}, "podSecurityContext: 'privileged' is not known"),
        ({"vllm": {"env": [{"name": "A", "valueFrom": {"secretRef": {}}}]}}, "did you mean 'secretKeyRef'?"),
        ({"persistence": {"enabled": "maybe"}}, "persistence.enabled: 'maybe' is not a boolean; allowed: true, false"),
        ({"persistence": {"enabled": 1}}, "persistence.enabled: 1 is not a boolean; allowed: true, false"),
        ({"persistence": {"size": "50 GB"}}, "persistence.size: '50 GB' is not a quantity"),
        ({"image": {"tag": 0.1}}, "image.tag: 0.1 is not text; write it in quotes"),
        ({"image": {"pullPolicy": "always"}},
         "'always' is not allowed; allowed: Always, IfNotPresent, Never; did you mean 'Always'?"),
        ({"image": []}, "image: [] is not a mapping"),
        ({"tolerations": {}}, "tolerations: {} is not a list"),
        ({"tolerations": [None]}, "tolerations[0]: null is not a mapping"),
        ({"nodeSelector": [""]}, "nodeSelector: [''] is not a mapping"),
        ({"nodeSelector": {"kubernetes.io/hostname": 1.5}}, 'nodeSelector["kubernetes.io/hostname"]: 1.5 is not text'),
        ({"resources": {"limits": {"memory": "lots"}}}, "resources.limits.memory: 'lots' is not a quantity"),
        ({"vllm": {"env": [{"value": "x"}]}}, "vllm.env[0].name: is missing"),
        (
            {"vllm": {"env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}]}},
            "vllm.env[0]: 'A' has both",
        ),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_with_its_path(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        check_values(data)

    (line,) = caught.value.lines
    assert problem in line
    assert "\n" not in line


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(ValuesError) as caught:
        check_values({"replicaCount": "x", "vllm": {"prot": 1, "host": 1.5}})

    assert [problem.partition(":")[0] for problem in caught.value.lines] == [
        "replicaCount",
        "vllm.host",
        "vllm.prot",
    ]


@pytest.mark.parametrize("value", [{1: "a"}, {"vllm": {"model": b"x"}}, {"vllm": {"env": {1, 2}}}, {"vllm": object()}])
def test_what_is_no_plain_data_is_refused_from_python_too(value: Any) -> None:
    with pytest.raises(ValuesError, match=r"plain data|not a text"):
        check_values(value)


def test_thousands_of_problems_are_cut_short() -> None:
    with pytest.raises(ValuesError) as caught:
        check_values({"tolerations": [None] * 60_000})

    assert len(caught.value.lines) == 21
    assert caught.value.lines[-1] == "and 59,980 more problems"


def test_endless_data_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(ValuesError, match="the values nest deeper than 60 levels"):
        check_values({"affinity": {"a": endless}})


_KEYS = st.sampled_from(sorted({path.rpartition(".")[2] for path in field_paths()} | {"x", "nvidia.com/gpu"}))
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4))


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_no_data_crashes_the_model(data: dict[str, Any]) -> None:
    try:
        values = check_values(data)
    except ValuesError as error:
        found = error.lines
        assert found and all("\n" not in problem for problem in found)  # noqa: PT018 - one idea
    else:
        assert isinstance(values, Values)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"ingress": {"hosts": ["a.b"]}}, "ingress.hosts[0]: 'a.b' is not a mapping; allowed: such as {\"host\": "),
        ({"tolerations": "x"}, 'tolerations: \'x\' is not a list; allowed: such as [{"key": "nvidia.com/gpu"'),
        ({"image": "vllm:v0.11.0"}, "image: 'vllm:v0.11.0' is not a mapping; allowed: such as {\"repository\": "),
        ({"vllm": {"env": {"A": "b"}}}, 'vllm.env: a mapping is not a list; allowed: such as [{"name": "HF_TOKEN"'),
        ({"vllm": {"env": ["A=b"]}}, 'vllm.env[0]: a text is not a mapping; allowed: such as {"name": "HF_TOKEN"'),
        ({"vllm": 3}, "vllm: 3 is not a mapping"),
    ],
)
def test_another_shape_is_refused_with_an_example_of_the_right_one(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        check_values(data)
    assert caught.value.lines[0].startswith(problem)


@pytest.mark.parametrize("repository", ["vllm/vllm-openai:v0.11.0", "r.example:5000/vllm@sha256:" + 64 * "a"])
def test_a_tag_in_the_repository_is_sent_to_where_it_belongs(repository: str) -> None:
    with pytest.raises(
        ValuesError, match=r"^image.repository: .* holds a tag or a digest; say it in image.tag \[VC001\]$"
    ):
        check_values({"image": {"repository": repository}})
    assert check_values({"image": {"repository": "r.example:5000/vllm"}}).image.repository == "r.example:5000/vllm"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({}, "has 0 sources; allowed: one of secretKeyRef, configMapKeyRef, "),
        ({"secretKeyRef": {"name": "a", "key": "b"}, "fieldRef": {"fieldPath": "x"}}, "has 2 sources; allowed: one of"),
        ({"secretKeyReff": {"name": "a", "key": "b"}}, "'secretKeyReff' is not known; did you mean 'secretKeyRef'?"),
        ({"secretKeyRef": {"name": "a"}}, "secretKeyRef.key is missing, or not text"),
        ({"secretKeyRef": {"nme": "a", "key": "b"}}, "secretKeyRef.nme is not known; did you mean 'name'?"),
        ({"secretKeyRef": "hunter2"}, "secretKeyRef is not a mapping; needed: name, key"),
        ({"configMapKeyRef": {"name": 3, "key": "b"}}, "configMapKeyRef.name is missing, or not text"),
        ({"fieldRef": {}}, "fieldRef.fieldPath is missing, or not text"),
    ],
)
def test_a_source_of_a_variable_that_the_api_server_would_refuse_is_refused(
    source: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValuesError) as caught:
        check_values({"vllm": {"env": [{"name": "A", "valueFrom": source}]}})
    assert caught.value.lines[0].startswith(f"vllm.env[0].valueFrom: {problem}")


@pytest.mark.parametrize(
    "source",
    [
        {"secretKeyRef": {"name": "a", "key": "b", "optional": True}},
        {"configMapKeyRef": {"name": "a", "key": "b"}},
        {"fieldRef": {"fieldPath": "status.podIP"}},
        {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}},
    ],
)
def test_every_source_of_a_variable_passes_as_it_is(source: dict[str, Any]) -> None:
    assert check_values({"vllm": {"env": [{"name": "A", "valueFrom": source}]}}).vllm.env[0].value_from == source


def test_maps_of_names_are_known_to_set() -> None:
    assert name_maps() == {
        ("podAnnotations",), ("nodeSelector",), ("resources", "limits"), ("resources", "requests"),
        ("serviceAccount", "annotations"), ("ingress", "annotations"), ("persistence", "annotations"),
        ("monitoring", "serviceMonitor", "labels"), ("podLabels",), ("service", "annotations"), ("acknowledge",),
    }  # fmt: skip


def test_the_values_need_neither_jsii_nor_cdk8s() -> None:
    code = (
        "import sys, vllm_cdk8s.cli.main, vllm_cdk8s.helm.reference, vllm_cdk8s.helm.release\n"
        "import vllm_cdk8s.helm.set_grammar, vllm_cdk8s.helm.health_values, vllm_cdk8s.helm.notes\n"
        "print(sorted({'jsii', 'cdk8s', 'cdk8s_plus_27', 'constructs'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout == "[]\n"


@pytest.mark.parametrize(
    ("data", "problem", "code"),
    [
        ([], "values: [] is not a mapping", "VC001"),
        (5, "values: 5 is not a mapping", "VC001"),
        ({"vllm": {"modle": "x"}}, "vllm.modle: is not a value of this chart", "VC004"),
        ({"vllm": {"model": "a\u2028b"}}, "vllm.model: holds the control character U+2028 at character 2", "VC006"),
        ({"podAnnotations": {"a": "x\x85"}}, "podAnnotations.a: holds the control character U+0085", "VC006"),
        ({"podAnnotations": {"a\x7f": "x"}}, "podAnnotations: a key holds the control character U+007F", "VC006"),
        ({"vllm": {"env": [{"name": "A", "value": "\ud800"}]}}, "vllm.env[0].value: holds half of a char", "VC006"),
    ],
)
def test_a_problem_has_its_rule(data: Any, problem: str, code: str) -> None:
    with pytest.raises(ValuesError) as caught:
        check_values(data)

    assert caught.value.lines[0].startswith(problem)
    assert caught.value.code == code


@pytest.mark.parametrize("annotation", [list[str], dict[str, str], str, None, str | None, Values()])
def test_what_has_no_fields_of_its_own_is_no_section(annotation: object) -> None:
    assert not is_section(annotation)
    assert is_section(Values)
