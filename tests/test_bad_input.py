"""What cannot work does not synthesize: each option's own message, and the conflicts between servers of one app."""

from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest

from tests.synthesis import MODEL, new_chart, to_yaml
from vllm_cdk8s import (
    Autoscaling,
    ConflictError,
    DeviceClaim,
    DropCacheWrapper,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    InvalidOptionError,
    KaiShare,
    ModelStorage,
    Resources,
    SecretKey,
    VllmCdk8sError,
    VllmServer,
)

LONG = "x" * 64

# What was said of a server with one GPU and nothing else, and how the message begins.
BAD: list[tuple[dict[str, Any], str]] = [
    # The model and vLLM's settings
    ({"model": ""}, "model: '' is empty"),
    ({"model": "   "}, "model: '   ' is empty"),
    ({"model": None}, "model: None is not a string"),
    ({"model": "--help"}, "model: '--help' begins with '-', so vLLM would read it as an option"),
    ({"engine_args": {"gpu_memory_utilization": 1.5}}, "gpu_memory_utilization: 1.5 is not between 0 and 1"),
    ({"engine_args": {"gpu_memory_utilization": 0}}, "gpu_memory_utilization: 0 is not between 0 and 1"),
    ({"engine_args": {"gpu_memory_utilization": -0.1}}, "gpu_memory_utilization: -0.1 is not between 0 and 1"),
    ({"engine_args": {"gpu_memory_utilization": "90%"}}, "gpu_memory_utilization: '90%' is not a number"),
    ({"engine_args": {"gpu_memory_utilization": True}}, "gpu_memory_utilization: True is not a number"),
    ({"engine_args": {"tensor_parallel_size": 2}}, "tensor_parallel_size: "),
    ({"gpus": 4, "engine_args": {"tensor_parallel_size": 2, "pipeline_parallel_size": 4}}, "tensor_parallel_size: "),
    ({"gpus": 2, "engine_args": {"tensor_parallel_size": 2, "data_parallel_size": 2}}, "tensor_parallel_size: "),
    ({"engine_args": {"tensor_parallel_size": 1.0}}, "tensor_parallel_size: 1.0 is not a whole number"),
    ({"engine_args": {"tensor_parallel_size": True}}, "tensor_parallel_size: True is not a whole number"),
    ({"engine_args": ["--seed=1"]}, "engine_args: ['--seed=1'] is not a mapping"),
    ({"extra_args": "--seed=1"}, "extra_args: "),
    # Taints
    (
        {"tolerations": [{"key": "a b", "operator": "Exists"}]},
        "tolerations[0].key: 'a b' is not a qualified name; allowed: [DNS prefix/]name",
    ),
    # Ports and numbers
    ({"port": 0}, "port: 0 is out of range; allowed: 1 to 65535"),
    ({"port": 65536}, "port: 65536 is out of range; allowed: 1 to 65535"),
    ({"port": "8000"}, "port: '8000' is not a whole number; allowed: 1 to 65535"),
    ({"port": 8000.0}, "port: 8000.0 is not a whole number; allowed: 1 to 65535"),
    ({"port": True}, "port: True is not a whole number; allowed: 1 to 65535"),
    ({"service_port": 0}, "service_port: 0 is out of range; allowed: 1 to 65535"),
    ({"service_port": 80.5}, "service_port: 80.5 is not a whole number"),
    ({"replicas": -1}, "replicas: -1 is out of range; allowed: a whole number of at least 0"),
    ({"replicas": 2**31}, "replicas: 2147483648 is out of range; allowed: 0 to 2147483647"),
    ({"replicas": 1.0}, "replicas: 1.0 is not a whole number"),
    ({"replicas": True}, "replicas: True is not a whole number"),
    ({"replicas": "2"}, "replicas: '2' is not a whole number"),
    ({"gpus": -1}, "gpus: -1 is out of range"),
    ({"gpus": 1.0}, "gpus: 1.0 is not a whole number"),
    ({"gpus": "1"}, "gpus: '1' is not a whole number"),
    ({"gpu_resource": "nvidia com"}, "gpu_resource: 'nvidia com' is not a qualified name"),
    ({"drain_seconds": -1}, "drain_seconds: -1 is out of range"),
    ({"drain_seconds": 1.5}, "drain_seconds: 1.5 is not a whole number"),
    ({"shm_size": "2 GB"}, "shm_size: '2 GB' is not a quantity"),
    ({"resources": Resources(limits={"nvidia.com/gpu": 2})}, "gpus: 1 contradicts resources.limits['nvidia.com/gpu']"),
    # Names and labels
    ({"name": "My Llama"}, "name: 'My Llama' is not a DNS label; allowed: lower-case letters, digits and '-'"),
    ({"name": "llama."}, "name: 'llama.' is not a DNS label"),
    ({"name": ""}, "name: '' is empty"),
    ({"name": LONG[:60]}, f"name: {LONG[:60]!r} is 60 characters long; allowed: 59 (63 less the 4 of '-pvc')"),
    ({"name": "7b"}, "name: '7b' begins with a digit; allowed: a letter first, since Services are named so"),
    ({"instance": "a b"}, "instance: 'a b' is not a label value"),
    ({"instance": LONG}, f"instance: {LONG!r} is not a label value"),
    ({"app_name": ""}, "app_name: '' is empty"),
    ({"labels": {"a": 1}}, "labels['a']: 1 is not a label value"),
    (
        {"labels": {"app.kubernetes.io/name": "x"}},
        "labels['app.kubernetes.io/name']: the server sets this label itself",
    ),
    ({"annotations": {"a": 1}}, "annotations['a']: 1 is not a string"),
    ({"pod_labels": {"a b": "c"}}, "pod_labels: 'a b' is not a qualified name"),
    ({"pod_labels": {"app.kubernetes.io/name": "x"}}, "pod_labels['app.kubernetes.io/name']: 'x' contradicts the sel"),
    ({"pod_annotations": ["a"]}, "pod_annotations: ['a'] is not a mapping"),
    ({"service_account": "My Account"}, "service_account: 'My Account' is not a Kubernetes object name"),
    (
        {"service_account": 1},
        "service_account: 1 is not a ServiceAccount; allowed: a name, or a construct such as a kplus",
    ),
    ({"runtime_class": "NVIDIA"}, "runtime_class: 'NVIDIA' is not a Kubernetes object name"),
    ({"scheduler_name": "a b"}, "scheduler_name: 'a b' is not a Kubernetes object name"),
    ({"priority_class": ""}, "priority_class: '' is empty"),
    ({"image_pull_secrets": "registry"}, "image_pull_secrets: 'registry' is not a list"),
    ({"image_pull_secrets": [{"name": "registry"}]}, "image_pull_secrets: {'name': 'registry'} is not a Secret"),
    ({"image": ""}, "image: '' is empty"),
    # The environment
    ({"env": {"1A": "x"}}, "env: '1A' is not a name for an environment variable"),
    ({"env": {"A B": "x"}}, "env: 'A B' is not a name for an environment variable"),
    ({"env": {3: object()}}, "env: 3 is not a string"),
    ({"env": {"VLLM_PORT": "8000"}}, "env: 'VLLM_PORT' must not be set: it is the base of vLLM's internal ports"),
    ({"env": {"A": 1}}, "env['A']: 1 is not a string; allowed: a string (numbers and booleans in quotes)"),
    ({"env": {"A": True}}, "env['A']: True is not a string"),
    ({"env": {"HF_TOKEN": "hf_123"}}, "env['HF_TOKEN']: a literal secret would stand in the YAML for all to read"),
    ({"env": [{"name": "A", "value": "1"}]}, "env: [{'name': 'A', 'value': '1'}] is not a mapping"),
    ({"env_from": ["settings"]}, "env_from[0]: 'settings' is neither a kplus.ISecret nor a kplus.IConfigMap"),
    ({"env_from": "settings"}, "env_from: 'settings' is not a list"),
    (
        {"env_from": [{"secret": {"name": "a"}}]},
        "env_from[0]: 'secret' is not a field of EnvFromSource; allowed: configMapRef, prefix, secretRef",
    ),
    (
        {"env": {"HF_TOKEN": {"value": "hf_123"}}},
        "env['HF_TOKEN']: {value} is not a source; allowed: a string, a kplus.EnvValue, or one of secretKeyRef,",
    ),
    ({"hf_token": "hf_123"}, "hf_token: a literal secret would stand in the YAML for all to read; allowed: SecretKey("),
    ({"api_key": "key"}, "api_key: a literal secret would stand in the YAML for all to read"),
    ({"hf_token": SecretKey("a", "b"), "env": {"HF_TOKEN": ""}}, "hf_token: HF_TOKEN is in env too"),
    # Scheduling
    (
        {"tolerations": [{"key": "a", "operator": "exist"}]},
        "tolerations[0].operator: 'exist' is not known; allowed: Exists, Equal, Lt, Gt; did you mean 'Exists'?",
    ),
    (
        {"tolerations": [{"key": "a", "effect": "NoRun"}]},
        "tolerations[0].effect: 'NoRun' is not known; allowed: NoSched",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        "tolerations[0].value: 'b' contradicts operator 'Exists'",
    ),
    ({"tolerations": [{"effect": "NoSchedule"}]}, "tolerations[0].key: is missing; say the taint's, or operator 'Exi"),
    ({"topology_spread": [{"maxSkew": 1}]}, "topology_spread[0]: has no topologyKey, whenUnsatisfiable; needed: maxS"),
    ({"affinity": {"nodeaffinity": {}}}, "affinity: 'nodeaffinity' is not known; allowed: nodeAffinity, podAffinity,"),
    (
        {"gpus": None, "device_claims": [DeviceClaim(name="g", template="x"), DeviceClaim(name="g", template="y")]},
        "device_claims: 'g' is the name of two claims",
    ),
    (
        {"gpus": None, "kai": KaiShare(gpu_fraction=0.5), "engine_args": {"tensor_parallel_size": 2}},
        "kai: a share of one GPU cannot hold the 2 that the parallel sizes ask for",
    ),
    (
        {"image": "vllm/vllm-openai:v0.20.2", "drain_seconds": 30, "engine_args": {"shutdown_timeout": 300}},
        "shutdown_timeout: 300 is above the 20 s that drain_seconds leaves it before Kubernetes kills the pod",
    ),
    ({"node_selector": {"gpu": True}}, "node_selector['gpu']: True is not a label value"),
    ({"node_selector": "gpu=h100"}, "node_selector: 'gpu=h100' is not a mapping"),
    ({"tolerations": {"key": "a"}}, "tolerations: {'key': 'a'} is not a list"),
    ({"tolerations": ["gpu"]}, "tolerations[0]: 'gpu' is not a mapping"),
    ({"tolerations": [{"keys": "a"}]}, "tolerations[0]: 'keys' is not known; allowed: key, operator, value, effect"),
    ({"affinity": ["x"]}, "affinity: ['x'] is not a mapping"),
    ({"topology_spread": {"maxSkew": 1}}, "topology_spread: {'maxSkew': 1} is not a list"),
    # Volumes, containers, security
    (
        {"pod_security_context": {"runAsNonRoot": True}},
        "pod_security_context.runAsNonRoot: True with vLLM's own image, whose user is root, does not start; say non_ro",
    ),
    (
        {"security_context": {"runAsUser": 1000}},
        "security_context.runAsUser: 1000 cannot reach the models at '/root/.cache', where only root may go; say non_r",
    ),
    (
        {"security_context": {"readOnlyRootFilesystem": True}},
        "security_context.readOnlyRootFilesystem: True leaves vLLM nothing to write to at /tmp; mount an emptyDir",
    ),
    (
        {"extra_containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 8000}]}]},
        "extra_containers: 'a' listens on 8000/TCP, as 'vllm' does; the containers of a pod share one network",
    ),
    ({"env_from": [{"secretRef": {}}]}, "env_from[0].secretRef.name: None is not a string"),
    ({"volumes": [{"name": "model-storage", "emptyDir": {}}]}, "volumes: 'model-storage' is there twice"),
    ({"volume_mounts": [{"name": "x", "mountPath": "/x"}]}, "volume_mounts: 'x' is not the name of a volume"),
    (
        {"volume_mounts": [{"name": "model-storage", "mountPath": "/root/.cache"}]},
        "volume_mounts: '/root/.cache' is there twice",
    ),
    ({"extra_containers": [{"name": "vllm", "image": "x"}]}, "extra_containers: 'vllm' is there twice"),
    ({"extra_containers": [{"image": "x"}]}, "extra_containers[0]: {'image': 'x'} has no name"),
    ({"init_containers": [{"name": "vllm", "image": "x"}]}, "init_containers: 'vllm' is there twice"),
    ({"volume_mounts": 5}, "volume_mounts: 5 is not a list"),
    ({"volume_mounts": ["x"]}, "volume_mounts[0]: 'x' has no name"),
    (
        {"extra_containers": [{"name": "a", "image": "x", "volumeMounts": ["x"]}]},
        "extra_containers[0].volumeMounts[0]: 'x' is not a mapping",
    ),
    (
        {"init_containers": [{"name": "a", "image": "x", "volumeMounts": 5}]},
        "init_containers[0].volumeMounts: 5 is not a list",
    ),
    ({"security_context": ["x"]}, "security_context: ['x'] is not a mapping"),
    ({"pod_security_context": "x"}, "pod_security_context: 'x' is not a mapping"),
    # Kinds of things
    ({"service_type": "Loadbalancer"}, "service_type: 'Loadbalancer' is not a service type; allowed: ClusterIP, NodeP"),
    ({"image_pull_policy": "always"}, "image_pull_policy: 'always' is not a pull policy; allowed: Always, IfNotPresen"),
    ({"storage": "my-claim"}, "storage: 'my-claim' is not a ModelStorage; allowed: ModelStorage(self, "),
    ({"probes": 600}, "probes: 600 is not a SlowStartProbes or ManualProbes; allowed: SlowStartProbes(self, "),
    ({"drop_cache": True}, "drop_cache: True is not a DropCacheWrapper; allowed: DropCacheWrapper(self, "),
    ({"resources": {"limits": {}}}, "resources: {'limits': {}} is not a Resources; allowed: Resources(limits="),
    ({"ingress": "llm.example.com"}, "ingress: 'llm.example.com' is not an Ingress; allowed: Ingress(hosts="),
    ({"kai": "team"}, "kai: 'team' is not a KaiShare; allowed: KaiShare(queue=\"team\")"),
    ({"device_claims": ["gpu"]}, "device_claims[0]: 'gpu' is not a DeviceClaim; allowed: DeviceClaim("),
    ({"non_root": True}, "non_root: True is not a NonRoot; allowed: NonRoot()"),
    ({"gpu_resource": "gpu"}, "gpu_resource: 'gpu' is not a resource; allowed: cpu, memory"),
    ({"sizing": "7B"}, "sizing: '7B' is not a Sizing; allowed: size_model(\"7B\")"),
    ({"autoscaling": {"max_replicas": 4}}, "autoscaling: {'max_replicas': 4} is not an Autoscaling; allowed: Autoscal"),
    ({"replicas": 2, "autoscaling": Autoscaling()}, "replicas: 2 contradicts autoscaling, which decides on the repli"),
    # Names of options
    ({"replica": 2}, "replica: is not an option; did you mean 'replicas'?"),
    ({"nodeSelector": {}}, "nodeSelector: is not an option; did you mean 'node_selector'?"),
    ({"gpu": 1}, "gpu: 1 is not a string"),
    ({"colour": "red"}, "colour: is not an option"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message.partition(" is ")[0][:40] for _, message in BAD])
def test_an_option_that_cannot_work_is_refused_by_name(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"model": MODEL, "gpus": 1, **options}
    with pytest.raises(VllmCdk8sError) as caught:
        VllmServer(new_chart(), "server", **given)
    assert caught.value.lines[0].startswith(message)
    assert caught.value.option is not None
    assert caught.value.lines[0].startswith(f"{caught.value.option}: ")


def test_more_gpus_than_there_are_says_both_numbers() -> None:
    with pytest.raises(ConflictError) as caught:
        VllmServer(new_chart(), "server", model=MODEL, gpus=2, engine_args={"tensor_parallel_size": 4})
    assert "4" in str(caught.value)
    assert "2" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Autoscaling(min_replicas=0), "min_replicas: 0 needs a metric that is there while no pod is"),
        (lambda: Autoscaling(min_replicas=-1), "min_replicas: -1 is out of range"),
        (lambda: Autoscaling(max_replicas=True), "max_replicas: True is not a whole number"),
        (lambda: Autoscaling(min_replicas=5, max_replicas=4), "min_replicas: 5 is above max_replicas: 4"),
        (lambda: Autoscaling(target_cpu_utilization=0), "target_cpu_utilization: 0 is out of range"),
        (lambda: Autoscaling(target_memory_utilization=80.5), "target_memory_utilization: 80.5 is not a whole number"),  # type: ignore[arg-type]
        (
            lambda: Autoscaling(target_cpu_utilization=None),
            "target_cpu_utilization: None, and no memory target or metrics either",
        ),
        (lambda: Ingress(hosts=[]), "ingress.hosts: has no host; allowed: at least one"),
        (lambda: Ingress(hosts="llm.example.com"), "ingress.hosts: 'llm.example.com' is not a list"),
        (lambda: Ingress(hosts=["LLM.example.com"]), "host: 'LLM.example.com' is not the name of a host"),
        (lambda: Ingress(hosts=["https://x.com"]), "host: 'https://x.com' is not the name of a host"),
        (lambda: Ingress(hosts=["a.com", IngressHost(host="a.com")]), "ingress.hosts: 'a.com' is there twice"),
        (lambda: Ingress(hosts=["a.com"], class_name="N G"), "ingress.class_name: 'N G' is not a Kubernetes object"),
        (lambda: Ingress(hosts=["a.com"], tls=["cert"]), "ingress.tls: 'cert' is not an IngressTls"),  # type: ignore[list-item]
        (lambda: IngressHost(host="a.com", paths=[]), "paths: host 'a.com' has no path; allowed: at least one"),
        (lambda: IngressHost(host="a.com", paths="/v1"), "paths: '/v1' is not a list"),
        (lambda: IngressHost(host="a.com", paths=["v1"]), "path: 'v1' is not an absolute path"),
        (lambda: IngressHost(host="a.com", paths=["/a", "/a"]), "paths: '/a' (Prefix) is there twice"),
        (lambda: IngressPath(path_type="prefix"), "path_type: 'prefix' is not a path type; allowed: Prefix, Exact"),
        (lambda: IngressPath(path_type=["Exact"]), "path_type: ['Exact'] is not a path type"),  # type: ignore[arg-type]
        (lambda: IngressTls(secret="A B"), "tls.secret: 'A B' is not a Kubernetes object name"),  # noqa: S106 - a name
        (lambda: IngressTls(secret=1), "tls.secret: 1 is not a Secret; allowed: a name, or a construct"),  # type: ignore[arg-type]
        (lambda: IngressTls(secret="a", hosts="a.com"), "tls.hosts: 'a.com' is not a list"),  # noqa: S106 - a name
        (lambda: SecretKey("A B", "key"), "secret: 'A B' is not a Kubernetes object name"),
        (lambda: SecretKey("a", ""), "key: '' is empty"),
        (lambda: SecretKey(1, "key"), "secret: 1 is not a Secret; allowed: a name, or a construct such as a"),  # type: ignore[arg-type]
    ],
)
def test_a_value_object_that_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        make()
    assert caught.value.lines[0].startswith(message)


# Servers against each other


def test_two_servers_of_one_name_in_one_namespace_are_refused() -> None:
    app = cdk8s.App()
    first, second = (cdk8s.Chart(app, name, namespace="llm") for name in ("first", "second"))
    VllmServer(first, "server", model=MODEL, gpus=1, name="llama")
    with pytest.raises(ConflictError) as caught:
        VllmServer(second, "other", model=MODEL, gpus=1, name="llama")
    assert caught.value.code == "VC009"
    assert caught.value.lines[0] == (
        "name: 'llama' is the name of two Deployments in namespace 'llm': first/server and second/other"
    )


def test_two_servers_of_one_instance_would_answer_for_each_other() -> None:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "a", model=MODEL, gpus=1, name="a", instance="prod")
    with pytest.raises(ConflictError, match=r"^instance: .*instance=prod.* selects the pods of two servers, llm/a and"):
        VllmServer(chart, "b", model=MODEL, gpus=1, name="b", instance="prod")
    VllmServer(chart, "c", model=MODEL, gpus=1, name="c", instance="prod", app_name="embedding")


def test_a_chart_that_makes_names_no_service_may_have_is_refused() -> None:
    with pytest.raises(InvalidOptionError, match=r"^[^ ]+/[^ ]+: id: '7b/server' makes names that begin with a digit"):
        VllmServer(new_chart("7b"), "server", model=MODEL, gpus=1)
    assert VllmServer(new_chart("7b"), "server", model=MODEL, gpus=1, name="llama").name == "llama"


def test_a_server_outside_of_any_chart_is_refused() -> None:
    with pytest.raises(RuntimeError, match="chart"):
        VllmServer(cdk8s.App(), "server", model=MODEL, gpus=1)


def test_a_long_name_is_allowed_where_no_claim_is_named_after_it() -> None:
    chart = new_chart()
    storage = ModelStorage.none(chart, "none")
    assert VllmServer(chart, "server", model=MODEL, gpus=1, name="x" * 63, storage=storage).name == "x" * 63


def test_ids_too_long_for_a_name_are_shortened_and_valid() -> None:
    chart = new_chart("a-chart-with-a-very-long-id-that-goes-on-and-on")
    server = VllmServer(chart, "a-server-with-a-very-long-id-that-goes-on-and-on", model=MODEL, gpus=1)
    assert len(server.name) <= 63
    assert len(server.service.name) <= 63


def test_two_servers_of_one_id_are_refused_by_the_tree() -> None:
    chart = new_chart()
    VllmServer(chart, "server", model=MODEL, gpus=1)
    with pytest.raises(RuntimeError, match="already a Construct with name 'server'"):
        VllmServer(chart, "server", model=MODEL, gpus=1)


def test_a_privileged_server_may_not_be_told_to_be_harmless() -> None:
    chart = new_chart()
    wrapper = DropCacheWrapper(chart, "drop-cache")
    for contradiction in ({"privileged": False}, {"allowPrivilegeEscalation": False}, {"runAsNonRoot": True}):
        [name] = contradiction
        with pytest.raises(ConflictError, match=f"^[^ ]+/[^ ]+: security_context: {name}: .* contradicts drop_cache"):
            VllmServer(
                chart, f"server-{name.lower()}", model=MODEL, gpus=1, drop_cache=wrapper, security_context=contradiction
            )


@pytest.mark.parametrize("key", ["bad key", "a/b", "ä"])
def test_a_key_that_no_secret_can_have_is_refused(key: str) -> None:
    with pytest.raises(InvalidOptionError, match=rf"^key: '{key}' is not a key of a Secret"):
        SecretKey("vllm", key)


def test_an_error_leaves_no_half_of_an_app_behind() -> None:
    chart = new_chart()
    kplus.ConfigMap(chart, "settings")
    with pytest.raises(InvalidOptionError):
        VllmServer(chart, "server", model="", gpus=1)
    assert "Deployment" not in to_yaml(chart)
