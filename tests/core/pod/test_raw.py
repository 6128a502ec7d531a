"""Raw containers and volumes that the API server refuses although their fields have the right types."""

from typing import Any

import pytest

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod import raw, raw_volumes
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.template import environment

TOKEN = "hf_" + "AbCdEfGhIjKlMnOpQr0123456789"
ALWAYS = {"restartPolicy": "Always"}
GET = {"httpGet": {"path": "/", "port": 80}}


def refusal(option: str, **fields: Any) -> str:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        raw.containers(option, [{"name": "a", "image": "b", **fields}])
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": None}, ": has no image"),
        ({"image": 5}, ".image: 5 is not a string"),
        (
            {"imagePullPolicy": "always"},
            ".imagePullPolicy: 'always' is not known; allowed: Always, Never, IfNotPresent",
        ),
        ({"comand": ["x"]}, ": 'comand' is not a field of Container; did you mean 'command'?"),
        ({"command": "sh -c x"}, ".command: 'sh -c x' is not a list"),
        ({"env": [{"name": "A", "value": 1}]}, ".env[0].value: 1 is not a string"),
        ({"env": [{"name": "A=B"}]}, ".env[0].name: 'A=B' is not a name"),
        ({"env": [{"value": "A"}]}, ".env[0]: has no name"),
        (
            {"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]},
            ".env[0].valueFrom: 'A' has a value and a valueFrom",
        ),
        ({"env": [{"name": "A", "valueFrom": {}}]}, ".env[0].valueFrom: nothing is not one source"),
        ({"envFrom": [{"prefix": "x"}]}, ".envFrom[0]: {'prefix': 'x'} is not a source"),
        ({"envFrom": [{"secretRef": {"name": "A_b"}}]}, ".envFrom[0].secretRef.name: 'A_b' is not a Kubernetes"),
        ({"ports": [{"containerPort": 0}]}, ".ports[0].containerPort: 0 is out of range"),
        ({"ports": [{"containerPort": 1, "hostPort": 70000}]}, ".ports[0].hostPort: 70000 is out of range"),
        ({"ports": [{"containerPort": 1, "name": "much-too-long-name"}]}, ".ports[0].name: 'much-too-long-name'"),
        ({"ports": [{"containerPort": 1}, {"containerPort": 1, "protocol": "TCP"}]}, ".ports: '1/TCP' is there twice"),
        (
            {"ports": [{"containerPort": 1, "name": "x"}, {"containerPort": 2, "name": "x"}]},
            ".ports: 'x' is there twice",
        ),
        ({"volumeMounts": [{"name": "x"}]}, ".volumeMounts[0]: has no mountPath"),
        (
            {"volumeMounts": [{"name": "x", "mountPath": "/a"}, {"name": "y", "mountPath": "/a/"}]},
            ".volumeMounts: '/a' is there twice",
        ),
        ({"volumeMounts": [{"name": "x", "mountPath": "/a", "subPath": "../b"}]}, ".volumeMounts[0].subPath: '../b'"),
        ({"volumeMounts": [{"name": "x", "mountPath": "/a", "subPath": "/b"}]}, ".volumeMounts[0].subPath: '/b'"),
        ({"resources": {"limits": {"gpu": 1}}}, ".resources.limits: 'gpu' is not a resource"),
        ({"resources": {"requests": {"x.y/z": 1}}}, ".resources.requests['x.y/z']: has no limit of the same amount"),
        ({"securityContext": {"privileged": "true"}}, ".securityContext.privileged: 'true' is not a boolean"),
        ({"securityContext": {"runAsUser": -1}}, ".securityContext.runAsUser: -1 is out of range"),
        (
            {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}},
            ".securityContext.allowPrivilegeEscalation: False contradicts privileged: true",
        ),
        ({"restartPolicy": "Sometimes"}, ".restartPolicy: 'Sometimes' is not known; allowed: Always, OnFailure, Never"),
    ],
)
def test_a_container_that_the_api_server_refuses_is_refused(fields: dict[str, Any], message: str) -> None:
    for option in ("init_containers", "extra_containers"):
        assert refusal(option, **fields).startswith(f"{option}[0]{message}")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"livenessProbe": {**GET, "tcpSocket": {"port": 1}}}, ".livenessProbe: has httpGet and tcpSocket"),
        ({"livenessProbe": {"periodSeconds": 5}}, ".livenessProbe: has nothing to ask; allowed: one of exec"),
        ({"livenessProbe": {**GET, "periodSeconds": 0}}, ".livenessProbe.periodSeconds: 0 is out of range"),
        ({"startupProbe": {**GET, "successThreshold": 2}}, ".startupProbe.successThreshold: 2 is out of range"),
        ({"readinessProbe": {"httpGet": {"port": 0}}}, ".readinessProbe.httpGet.port: 0 is out of range"),
        ({"readinessProbe": {"httpGet": {"port": "8000"}}}, ".readinessProbe.httpGet.port: '8000' is neither"),
        ({"lifecycle": {"preStop": {}}}, ".lifecycle.preStop: has nothing to do"),
        ({"lifecycle": {"preStop": {"exec": {}}}}, ".lifecycle.preStop.exec: has no command"),
    ],
)
def test_probes_and_hooks_have_one_handler(fields: dict[str, Any], message: str) -> None:
    assert refusal("extra_containers", **fields).startswith(f"extra_containers[0]{message}")


@pytest.mark.parametrize("field", ["readinessProbe", "livenessProbe", "startupProbe", "lifecycle"])
def test_an_init_container_has_probes_and_hooks_only_where_it_runs_on(field: str) -> None:
    value = {"preStop": GET} if field == "lifecycle" else GET
    assert refusal("init_containers", **{field: value}).startswith(f"init_containers[0].{field}: is for containers")
    sidecar = {"name": "a", "image": "b", field: value, **ALWAYS}
    assert raw.containers("init_containers", [sidecar]) == [sidecar]


def test_a_container_with_all_that_is_right_is_left_as_it_is() -> None:
    item = {
        "name": "proxy",
        "image": "envoyproxy/envoy:v1.30",
        "args": ["--token=$(HF_TOKEN)"],
        "env": [
            {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token", "optional": True}}},
            {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app.kubernetes.io/name']"}}},
            {"name": "A-B", "value": ""},
        ],
        "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP", "name": "dns"}],
        "resources": {"limits": {"cpu": 0.5, "memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "dns"}, "successThreshold": 2},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}},
    }
    assert raw.containers("extra_containers", [item]) == [item]


def test_two_containers_of_a_pod_cannot_listen_on_one_port() -> None:
    items = [{"name": name, "ports": [{"containerPort": 8000}]} for name in ("vllm", "proxy")]
    with pytest.raises(ConflictError, match=r"^extra_containers: 'proxy' listens on 8000/TCP, as 'vllm' does"):
        raw.check_shared_ports("extra_containers", items)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({}, "volumes[0]: 'x' has no source"),
        ({"emptyDir": {}, "hostPath": {"path": "/a"}}, "volumes[0]: 'x' has emptyDir and hostPath; say one source"),
        ({"emptydir": {}}, "volumes[0]: 'emptydir' is not a field of Volume; did you mean 'emptyDir'?"),
        ({"emptyDir": {"sizeLimit": "10GB"}}, "volumes[0].emptyDir.sizeLimit: '10GB' is not a quantity"),
        ({"emptyDir": {"sizeLimit": "0"}}, "volumes[0].emptyDir.sizeLimit: '0' is not more than zero"),
        ({"emptyDir": {"medium": "memory"}}, "volumes[0].emptyDir.medium: 'memory' is not known"),
        ({"configMap": {}}, "volumes[0].configMap.name: None is not a string"),
        ({"secret": {"name": "x"}}, "volumes[0].secret: 'name' is not a field of SecretVolumeSource"),
        ({"secret": {"secretName": "x", "defaultMode": 644}}, "volumes[0].secret.defaultMode: 644 is out of range"),
        ({"persistentVolumeClaim": {}}, "volumes[0].persistentVolumeClaim: has no claimName"),
        ({"hostPath": {"path": "/a/../b"}}, "volumes[0].hostPath.path: '/a/../b' is not an absolute path"),
        (
            {"configMap": {"name": "x", "items": [{"key": "a", "path": "../b"}]}},
            "volumes[0].configMap.items[0].path: '../b' is not a relative path",
        ),
        (
            {"configMap": {"name": "x", "items": [{"key": "a b", "path": "b"}]}},
            "volumes[0].configMap.items[0].key: 'a b' is not a key",
        ),
        (
            {"configMap": {"name": "x", "items": [{"key": "a", "path": "b", "mode": 9999}]}},
            "volumes[0].configMap.items[0].mode: 9999 is out of range; allowed: 0 to 511",
        ),
        (
            {"secret": {"secretName": "x", "items": [{"key": "a", "path": "p"}, {"key": "b", "path": "p"}]}},
            "volumes[0].secret.items: 'p' is there twice",
        ),
        ({"nfs": {"server": "", "path": "/a"}}, "volumes[0].nfs.server: '' is empty"),
        ({"csi": {"driver": "bad driver"}}, "volumes[0].csi.driver: 'bad driver' is not"),
        ({"csi": {"driver": "a" * 64}}, f"volumes[0].csi.driver: '{'a' * 64}' is longer than 63 characters"),
        ({"image": {}}, "volumes[0].image.reference: None is not a string"),
        (
            {"image": {"reference": "a:b", "pullPolicy": "always"}},
            "volumes[0].image.pullPolicy: 'always' is not a pull policy; allowed: Always, Never, IfNotPresent",
        ),
        ({"ephemeral": {}}, "volumes[0].ephemeral.volumeClaimTemplate: is missing"),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
            "volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: is missing; allowed: a list of ReadWriteOnce",
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["RWO"]}}}},
            "volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes[0]: 'RWO' is not an access mode",
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
            "volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests['storage']: is missing",
        ),
        ({"projected": {"sources": [{}]}}, "volumes[0].projected.sources[0]: has nothing in it"),
        (
            {"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}},
            "volumes[0].projected.sources[0]: has secret and configMap; allowed: one source each",
        ),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 10}}]}},
            "volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: 10 is out of range; allowed: 600",
        ),
        (
            {
                "projected": {
                    "sources": [{"serviceAccountToken": {"path": "t"}}, {"serviceAccountToken": {"path": "t"}}]
                }
            },
            "volumes[0].projected: 't' is there twice",
        ),
        ({"downwardAPI": {"items": [{"path": "p"}]}}, "volumes[0].downwardAPI.items[0]: has nothing to write"),
        (
            {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "spec.nodeName"}}]}},
            "volumes[0].downwardAPI.items[0].fieldRef.fieldPath: 'spec.nodeName' is not a field that a file may have",
        ),
        (
            {"downwardAPI": {"items": [{"path": "p", "resourceFieldRef": {"resource": "limits.cpu"}}]}},
            "volumes[0].downwardAPI.items[0].resourceFieldRef.containerName: is missing",
        ),
    ],
)
def test_a_volume_that_the_api_server_refuses_is_refused(item: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        raw_volumes.volumes("volumes", [{"name": "x", **item}])
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"secretKeyRef": {"name": "a"}}, "env['A'].secretKeyRef: has no key"),
        ({"secretKeyRef": {"key": "a"}}, "env['A'].secretKeyRef.name: None is not a string"),
        ({"secretKeyRef": {"name": "a", "key": "b c"}}, "env['A'].secretKeyRef.key: 'b c' is not a key"),
        ({"secretKeyReff": {"name": "a", "key": "b"}}, "env['A']: {secretKeyReff} is not a source; allowed: a string"),
        ({}, "env['A']: {} is not a source; allowed: a string"),
        (
            {"fieldRef": {"fieldPath": "status.podIP"}, "secretKeyRef": {"name": "a", "key": "b"}},
            "env['A']: {fieldRef, secretKeyRef} is not a source; allowed: a string",
        ),
        ({"secretKeyRef": "a"}, "env['A'].secretKeyRef: 'a' is not a mapping"),
        ({"configMapKeyRef": {"nme": "a", "key": "b"}}, "env['A'].configMapKeyRef: 'nme' is not a field"),
        ({"fieldRef": {"fieldPath": "status.podIp"}}, "env['A'].fieldRef.fieldPath: 'status.podIp' is not a field"),
        ({"resourceFieldRef": {"resource": "limits.gpu"}}, "env['A'].resourceFieldRef.resource: 'limits.gpu' is not"),
    ],
)
def test_a_source_of_a_variable_is_looked_into(source: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError) as caught:
        environment({"A": source}, caches_below=None, identity={})
    assert str(caught.value).startswith(message)


# Secrets


@pytest.mark.parametrize("option", ["init_containers", "extra_containers"])
@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"env": [{"name": "HF_TOKEN", "value": "s3cr3t"}]}, "env[0].value"),
        ({"env": [{"name": "A", "value": TOKEN}]}, "env[0].value"),
        ({"args": ["serve", f"--token={TOKEN}"]}, "args[1]"),
        ({"command": ["sh", "-c", f"login {TOKEN}"]}, "command[2]"),
    ],
)
def test_a_literal_secret_of_a_container_is_refused_and_not_shown(
    option: str, fields: dict[str, Any], path: str
) -> None:
    message = refusal(option, **fields)
    assert message.startswith(f"{option}[0].{path}: a literal secret would stand in the YAML")
    assert message.endswith("[VC501]")
    assert "s3cr3t" not in message
    assert TOKEN not in message


def test_what_looks_like_a_secret_by_its_name_warns() -> None:
    item = {"name": "a", "image": "b", "env": [{"name": "DB_PASSWORD", "value": "s3cr3t"}]}
    with pytest.warns(VllmCdk8sWarning, match=r"extra_containers\[0\].env\[0\].value: looks like a secret") as caught:
        raw.containers("extra_containers", [item])
    assert "s3cr3t" not in str(caught[0].message)


@pytest.mark.parametrize("value", [b"s3cr3t", TOKEN, ["s3cr3t"]])
def test_no_secret_of_env_is_shown_whatever_its_type(value: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^env\['HF_TOKEN'\]: a literal secret") as caught:
        environment({"HF_TOKEN": value}, caches_below=None, identity={})
    assert "s3cr3t" not in str(caught.value)


def test_bytes_of_another_variable_are_not_shown_either() -> None:
    with pytest.raises(InvalidOptionError, match=r"env\['A'\]: <6 bytes> is not a string"):
        environment({"A": b"s3cr3t"}, caches_below=None, identity={})  # type: ignore[dict-item]


@pytest.mark.parametrize("secret", [TOKEN, "hf_secret", "sk-mine", b"abc"])
def test_a_token_in_the_place_of_a_secrets_name_is_refused_and_not_shown(secret: Any) -> None:
    for arguments in ((secret, "token"), ("hf", secret)):
        with pytest.raises(InvalidOptionError, match=r"looks like a secret itself") as caught:
            SecretKey(*arguments)
        assert str(secret) not in str(caught.value)
    assert SecretKey("hf-token", "HF_TOKEN").wire() == {"secretKeyRef": {"name": "hf-token", "key": "HF_TOKEN"}}


@pytest.mark.parametrize(
    "item",
    [
        {"emptyDir": {}},
        {"emptyDir": {"sizeLimit": "1.5Gi", "medium": "HugePages"}},
        {"csi": {"driver": "Secrets-Store.csi.k8s.io"}},
        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}},
        {"projected": {"sources": []}},
        {"image": {"reference": "a:b", "pullPolicy": "IfNotPresent"}},
        {
            "ephemeral": {
                "volumeClaimTemplate": {
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
                }
            }
        },
    ],
)
def test_what_the_api_server_takes_is_taken(item: dict[str, Any]) -> None:
    assert raw_volumes.volumes("volumes", [{"name": "x", **item}]) == [{"name": "x", **item}]


def test_an_empty_folder_may_be_said_by_a_null() -> None:
    assert raw_volumes.volumes("volumes", [{"name": "x", "emptyDir": None}]) == [{"name": "x", "emptyDir": {}}]


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        ({"mountPath": "/proc"}, "m[0].mountPath: '/proc' cannot be mounted at; runtimes refuse what is below /proc"),
        ({"mountPropagation": "Bidirectional"}, "m[0].mountPropagation: 'Bidirectional' needs a privileged container"),
        (
            {"readOnly": True, "recursiveReadOnly": "Enabled", "mountPropagation": "HostToContainer"},
            "m[0].recursiveReadOnly: contradicts mountPropagation 'HostToContainer'",
        ),
    ],
)
def test_a_mount_that_cannot_be_is_refused(mount: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        raw_volumes.mounts("m", [{"name": "x", "mountPath": "/d", **mount}], privileged=False)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": " busybox"}, ".image: ' busybox' is not a reference to an image"),
        ({"image": "https://x/y"}, ".image: 'https://x/y' is not a reference to an image; allowed: [registry/]"),
        ({"image": "a" * 256}, f".image: '{'a' * 256}' is longer than the 255 characters"),
        ({"workingDir": "a"}, ".workingDir: 'a' is not an absolute path"),
        ({"env": [{"name": "A"}, {"name": "A"}]}, ".env: 'A' is there twice"),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}}}]},
            ".env[0].valueFrom.fieldRef.fieldPath: 'a b' is not a qualified name",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}}]},
            ".env[0].valueFrom.fieldRef.apiVersion: 'v2' is not 'v1'",
        ),
        (
            {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "3"}}}]},
            ".env[0].valueFrom.resourceFieldRef.divisor: '3' is not a unit to count in; allowed: 1, 1m",
        ),
        ({"envFrom": [{"prefix": "A=", "secretRef": {"name": "a"}}]}, ".envFrom[0].prefix: 'A=' cannot begin the name"),
        ({"ports": [{"containerPort": 80, "hostIP": "me"}]}, ".ports[0].hostIP: 'me' is not an IP address"),
        ({"volumeDevices": [{"name": "x", "devicePath": "a"}]}, ".volumeDevices[0].devicePath: 'a' is not an absolute"),
        ({"livenessProbe": {"grpc": {"port": 1}, "terminationGracePeriodSeconds": 0}},
         ".livenessProbe.terminationGracePeriodSeconds: 0 is out of range; allowed: a whole number of at least 1"),
        ({"readinessProbe": {"grpc": {"port": 1}, "terminationGracePeriodSeconds": 5}},
         ".readinessProbe.terminationGracePeriodSeconds: has no meaning for a readiness probe"),
        ({"livenessProbe": {"httpGet": {"port": "web"}}, "ports": [{"containerPort": 80, "name": "http"}]},
         ".livenessProbe.httpGet.port: 'web' is not the name of a port of this container; there are: http"),
        ({"livenessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "a b", "value": "c"}]}}},
         ".livenessProbe.httpGet.httpHeaders[0].name: 'a b' is not the name of a header"),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": -1}}}}, ".lifecycle.preStop.sleep.seconds: -1 is out"),
        ({"resizePolicy": [{"resourceName": "gpu", "restartPolicy": "NotRequired"}]},
         ".resizePolicy[0].resourceName: 'gpu' is not a resource to resize; allowed: cpu, memory"),
        ({"resources": {"limits": {"requests.nvidia.com/gpu": 1}}},
         ".resources.limits: 'requests.nvidia.com/gpu' is a quota's; did you mean 'nvidia.com/gpu'?"),
        ({"securityContext": {"capabilities": {"add": ["SYS_PTRACER"]}}},
         ".securityContext.capabilities.add[0]: 'SYS_PTRACER' is not a capability of Linux; allowed: such as"),
        ({"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "../a"}}},
         ".securityContext.seccompProfile.localhostProfile: '../a' is not a path below the kubelet's folder"),
    ],
)  # fmt: skip
def test_a_field_that_kubernetes_or_its_runtimes_refuse_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal("extra_containers", **fields).startswith(f"extra_containers[0]{message}")


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [{"name": "A-B", "value": "x"}, {"name": "C", "value": "$(A-B)"}]},
        {"resources": {"limits": {"cpu": 0.5, "memory": "+1.5Gi", "ephemeral-storage": "1e9"}}},
        {"securityContext": {"capabilities": {"add": ["sys_ptrace"], "drop": ["all"]}}},
        {"envFrom": [{"prefix": "A_", "configMapRef": {"name": "a"}}]},
        {"image": "registry.example.com:5000/a/b_c:1.0@sha256:" + "a" * 64},
        {"ports": [{"containerPort": 80, "hostPort": 80, "hostIP": "::1"}]},
    ],
)
def test_a_container_of_unusual_values_is_left_as_it_is(fields: dict[str, Any]) -> None:
    item = {"name": "a", "image": "b", **fields}
    assert raw.containers("extra_containers", [item]) == [item]


def test_two_containers_cannot_take_one_port_of_the_node() -> None:
    items = [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 9}, {"containerPort": 81, "hostPort": 9}]}]
    with pytest.raises(ConflictError, match=r"^extra_containers: 'a' takes the port 9 of the node, which is taken"):
        raw.check_shared_ports("extra_containers", items)
