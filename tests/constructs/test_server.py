"""VllmServer: what a server is made of, what its users may hang on to it, and how servers live side by side."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from cdk8s_plus_27 import k8s
from constructs import Construct
from jsii._kernel.providers.process import _NodeProcess
from syrupy.assertion import SnapshotAssertion

from tests import synthesis
from tests.synthesis import (
    MODEL,
    PLAIN,
    assert_golden,
    documents,
    new_chart,
    of_kind,
    pod_spec,
    the,
    vllm_container,
)
from vllm_cdk8s import (
    Autoscaling,
    DropCacheWrapper,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    ModelStorage,
    Resources,
    SecretKey,
    SlowStartProbes,
    VllmCdk8sWarning,
    VllmServer,
    size_model,
)
from vllm_cdk8s.core.errors import InvalidOptionError

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


def served(*, namespace: str | None = None, **options: Any) -> cdk8s.Chart:
    """A chart of one server, id "server"."""
    chart = new_chart(namespace=namespace)
    VllmServer(chart, "server", **{**PLAIN, **options})
    return chart


# Given nothing but a model


@pytest.fixture(scope="module")
def bare() -> cdk8s.Chart:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match="^gpus: nothing is said about GPUs, so the pod may see none"):
        VllmServer(chart, "server", model=MODEL)
    return chart


def test_given_nothing_but_a_model_it_is_four_objects(bare: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    assert [document["kind"] for document in documents(bare)] == [
        "Deployment",
        "PersistentVolumeClaim",
        "ServiceAccount",
        "Service",
    ]
    assert_golden(bare, snapshot)


def test_the_defaults_are_the_charts(bare: cdk8s.Chart) -> None:
    deployment, container = the(bare, "Deployment"), vllm_container(bare)
    assert deployment["spec"]["replicas"] == 1
    assert container["image"] == "vllm/vllm-openai:latest"
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["command"] == ["vllm", "serve"]
    assert container["args"] == [
        MODEL,
        "--host=0.0.0.0",
        "--port=8000",
        "--gpu-memory-utilization=0.9",
        "--max-model-len=2048",
        '--compilation-config={"cudagraph_mode":"FULL_AND_PIECEWISE"}',
    ]
    assert container["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
    assert "resources" not in container
    assert container["startupProbe"]["failureThreshold"] == 39
    claim = the(bare, "PersistentVolumeClaim")["spec"]
    assert claim == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
    service = the(bare, "Service")["spec"]
    assert service["type"] == "ClusterIP"
    assert service["ports"] == [{"name": "http", "port": 8000, "targetPort": 8000}]


def test_the_service_selects_the_pods_and_the_deployment_owns_them(bare: cdk8s.Chart) -> None:
    spec = the(bare, "Deployment")["spec"]
    selector = the(bare, "Service")["spec"]["selector"]
    assert selector == spec["selector"]["matchLabels"]
    assert selector.items() <= spec["template"]["metadata"]["labels"].items()
    assert set(selector) == {NAME, INSTANCE}


def test_the_account_may_do_nothing_and_no_token_is_mounted(bare: cdk8s.Chart) -> None:
    account = the(bare, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert pod_spec(bare)["serviceAccountName"] == account["metadata"]["name"]
    assert pod_spec(bare)["automountServiceAccountToken"] is False


def test_the_facts_of_the_field_are_kept(bare: cdk8s.Chart) -> None:
    spec = the(bare, "Deployment")["spec"]
    assert spec["template"]["spec"]["enableServiceLinks"] is False
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    assert spec["progressDeadlineSeconds"] == 1200
    env = {variable["name"]: variable["value"] for variable in vllm_container(bare)["env"]}
    assert env == {
        "HF_HOME": "/root/.cache/huggingface",
        "VLLM_CACHE_ROOT": "/root/.cache/vllm",
        "TRITON_CACHE_DIR": "/root/.cache/triton",
        "TORCHINDUCTOR_CACHE_DIR": "/root/.cache/torchinductor",
    }


# Every option at once


@pytest.fixture(scope="module")
def full() -> cdk8s.Chart:
    chart = new_chart(namespace="llm", labels={"team": "platform"})
    account = kplus.ServiceAccount.from_service_account_name(chart, "account", "theirs")
    token = kplus.Secret.from_secret_name(chart, "token", "tokens")
    settings = kplus.ConfigMap(chart, "settings", data={"LOG": "info"})
    server = VllmServer(
        chart,
        "server",
        model=MODEL,
        name="llama",
        instance="prod",
        app_name="inference",
        labels={"tier": "gpu"},
        annotations={"note": "hands off"},
        autoscaling=Autoscaling(max_replicas=4, target_cpu_utilization=70, target_memory_utilization=85),
        image="registry.example.com/vllm-openai:v0.20.2",
        image_pull_policy="Always",
        engine_args={"max_model_len": 8192, "gpu_memory_utilization": 0.8, "enforce_eager": True},
        extra_args=["--seed=1"],
        env={
            "HF_HUB_OFFLINE": "1",
            "GREETING": "$(HOME) costs $$",
            "LOG": kplus.EnvValue.from_config_map(settings, "LOG"),
            "POD_IP": kplus.EnvValue.from_field_ref(kplus.EnvFieldPaths.POD_IP),
            "MEMORY": kplus.EnvValue.from_resource(kplus.ResourceFieldPaths.MEMORY_LIMIT, divisor="1Mi"),
        },
        env_from=[settings, token, {"prefix": "X_", "secretRef": {"name": "more"}}],
        hf_token=SecretKey(token, "huggingface"),
        api_key=SecretKey("tokens", "api"),
        host="::",
        port=9000,
        service_type="NodePort",
        service_port=80,
        ingress=Ingress(
            hosts=[
                "llm.example.com",
                IngressHost(host="*.example.org", paths=["/v1", IngressPath(path="/health", path_type="Exact")]),
            ],
            class_name="nginx",
            tls=[IngressTls(secret="llm-tls", hosts=["llm.example.com"])],  # noqa: S106 - the name of one
            annotations={"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"},
        ),
        gpus=2,
        resources=Resources(limits={"memory": "64Gi", "cpu": 8}, requests={"memory": "32Gi", "cpu": "4"}),
        service_account=account,
        storage=ModelStorage(chart, "models", access_mode="ReadWriteMany", mount_path="/models"),
        probes=SlowStartProbes(chart, "probes", max_startup_seconds=1800),
        image_pull_secrets=["registry", token],
        pod_labels={"network": "open"},
        pod_annotations={"prometheus.io/scrape": "true"},
        node_selector={"gpu": "h100"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        affinity={"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}}}]}},
        topology_spread=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        runtime_class="nvidia",
        scheduler_name="volcano",
        priority_class="high",
        volumes=[{"name": "ca", "configMap": {"name": "ca"}}],
        volume_mounts=[{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
        init_containers=[{"name": "wait", "image": "busybox:1.36", "command": ["true"],
                          "volumeMounts": [{"name": "model-storage", "mountPath": "/models"}]}],
        extra_containers=[{"name": "proxy", "image": "envoy:v1"}],
        shm_size="8Gi",
        pod_security_context={"fsGroup": 1000},
        security_context={"capabilities": {"add": ["SYS_NICE"]}},
        drain_seconds=60,
    )  # fmt: skip
    # Without one, an API key warns of the paths that it does not guard.
    kplus.NetworkPolicy(chart, "policy", selector=server.pods)
    return chart


def test_every_option_in_one_golden_file(full: cdk8s.Chart, snapshot: SnapshotAssertion) -> None:
    assert_golden(full, snapshot)


def test_a_name_fixes_the_names_of_all_objects(full: cdk8s.Chart) -> None:
    kinds = ("Deployment", "Service", "Ingress", "HorizontalPodAutoscaler")
    assert {the(full, kind)["metadata"]["name"] for kind in kinds} == {"llama"}


def test_all_objects_carry_the_labels_of_the_server_and_of_its_chart(full: cdk8s.Chart) -> None:
    expected = {NAME: "inference", INSTANCE: "prod", "tier": "gpu", "team": "platform"}
    for kind in ("Deployment", "Service", "Ingress", "HorizontalPodAutoscaler"):
        assert the(full, kind)["metadata"]["labels"] == expected
    pod_labels = the(full, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert pod_labels == {NAME: "inference", INSTANCE: "prod", "network": "open"}
    assert the(full, "Deployment")["metadata"]["annotations"] == {"note": "hands off"}


def test_an_account_of_the_users_own_is_used_and_none_is_made(full: cdk8s.Chart) -> None:
    assert of_kind(full, "ServiceAccount") == []
    assert pod_spec(full)["serviceAccountName"] == "theirs"


def test_the_environment_is_in_wire_form_whatever_it_was_given_as(full: cdk8s.Chart) -> None:
    container = vllm_container(full)
    config_map = the(full, "ConfigMap")["metadata"]["name"]
    env = {variable.pop("name"): variable for variable in container["env"]}
    assert env["HF_HOME"] == {"value": "/models/huggingface"}
    assert env["HF_TOKEN"] == {"valueFrom": {"secretKeyRef": {"name": "tokens", "key": "huggingface"}}}
    assert env["VLLM_API_KEY"] == {"valueFrom": {"secretKeyRef": {"name": "tokens", "key": "api"}}}
    assert env["LOG"] == {"valueFrom": {"configMapKeyRef": {"name": config_map, "key": "LOG"}}}
    assert env["POD_IP"] == {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    # What jsii hands over as an object stands as the number in it.
    assert env["MEMORY"] == {"valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}
    # As it was written, once the kubelet has read it.
    assert env["GREETING"] == {"value": "$$(HOME) costs $$$"}
    assert container["envFrom"] == [
        {"configMapRef": {"name": config_map}},
        {"secretRef": {"name": "tokens"}},
        {"prefix": "X_", "secretRef": {"name": "more"}},
    ]


def test_the_ingress_says_what_its_users_said(full: cdk8s.Chart) -> None:
    ingress = the(full, "Ingress")
    assert ingress["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"}
    spec = ingress["spec"]
    assert spec["ingressClassName"] == "nginx"
    assert spec["tls"] == [{"hosts": ["llm.example.com"], "secretName": "llm-tls"}]
    found = {
        rule["host"]: [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] for rule in spec["rules"]
    }
    assert found == {
        "llm.example.com": [("/", "Prefix")],
        "*.example.org": [("/health", "Exact"), ("/v1", "Prefix")],
    }
    backends = [path["backend"] for rule in spec["rules"] for path in rule["http"]["paths"]]
    assert backends == [{"service": {"name": "llama", "port": {"number": 80}}}] * 3


def test_an_autoscaler_owns_the_replicas(full: cdk8s.Chart) -> None:
    assert "replicas" not in the(full, "Deployment")["spec"]
    spec = the(full, "HorizontalPodAutoscaler")["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llama"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 4)
    targets = {metric["resource"]["name"]: metric["resource"]["target"] for metric in spec["metrics"]}
    assert targets == {
        "cpu": {"type": "Utilization", "averageUtilization": 70},
        "memory": {"type": "Utilization", "averageUtilization": 85},
    }


def test_two_gpus_get_shared_memory_and_tensor_parallelism(full: cdk8s.Chart) -> None:
    container = vllm_container(full)
    assert "--tensor-parallel-size=2" in container["args"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}} in pod_spec(full)["volumes"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]  # noqa: S108 - the container's


@pytest.mark.parametrize(
    ("gpus", "sizes", "shm"),
    [
        (4, {"tensor_parallel_size": 4}, "4Gi"),
        (4, {"tensor_parallel_size": 2, "pipeline_parallel_size": 2}, "4Gi"),
        (4, {"tensor_parallel_size": 2, "data_parallel_size": 2}, "4Gi"),
        (1, {}, None),
    ],
)
def test_parallel_sizes_that_use_all_gpus_pass_and_share_memory(
    gpus: int, sizes: dict[str, int], shm: str | None
) -> None:
    chart = served(gpus=gpus, engine_args=sizes)
    args = vllm_container(chart)["args"]
    for name, size in sizes.items():
        assert f"--{name.replace('_', '-')}={size}" in args
    limits = [volume["emptyDir"]["sizeLimit"] for volume in pod_spec(chart)["volumes"] if volume["name"] == "shm"]
    assert limits == ([] if shm is None else [shm])


def test_the_pod_outlives_its_last_requests(full: cdk8s.Chart) -> None:
    command = vllm_container(full)["lifecycle"]["preStop"]["exec"]["command"]
    [flag] = [arg for arg in vllm_container(full)["args"] if arg.startswith("--shutdown-timeout")]
    assert command[0] == "sleep"
    waiting = int(command[1]) + int(flag.partition("=")[2])
    assert waiting == 60
    assert pod_spec(full)["terminationGracePeriodSeconds"] > waiting


def test_scheduling_is_passed_on(full: cdk8s.Chart) -> None:
    spec = pod_spec(full)
    assert spec["nodeSelector"] == {"gpu": "h100"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert spec["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": the(full, "Deployment")["spec"]["selector"]["matchLabels"]},
        }
    ]
    names = ("runtimeClassName", "schedulerName", "priorityClassName")
    assert [spec[name] for name in names] == ["nvidia", "volcano", "high"]
    # An empty selector means every namespace, and stays.
    [term] = spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["namespaceSelector"] == {}


def test_containers_and_secrets_are_passed_on(full: cdk8s.Chart) -> None:
    spec = pod_spec(full)
    assert [container["name"] for container in spec["containers"]] == ["vllm", "proxy"]
    assert [container["name"] for container in spec["initContainers"]] == ["wait"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}, {"name": "tokens"}]
    assert spec["securityContext"] == {"fsGroup": 1000}
    assert vllm_container(full)["securityContext"]["capabilities"] == {"add": ["SYS_NICE"]}


# Other choices


@pytest.mark.parametrize("service_type", ["NodePort", kplus.ServiceType.NODE_PORT])
def test_a_service_type_is_a_name_or_kpluss(service_type: Any) -> None:
    assert the(served(service_type=service_type), "Service")["spec"]["type"] == "NodePort"


@pytest.mark.parametrize("policy", ["Always", kplus.ImagePullPolicy.ALWAYS])
def test_a_pull_policy_is_a_name_or_kpluss(policy: Any) -> None:
    assert vllm_container(served(image_pull_policy=policy))["imagePullPolicy"] == "Always"


def test_other_resources_may_be_gpus() -> None:
    chart = served(gpu_resource="amd.com/gpu", gpus=4, image="vllm/vllm-openai-rocm:v0.20.2")
    assert vllm_container(chart)["resources"] == {"limits": {"amd.com/gpu": 4}}
    assert "--tensor-parallel-size=4" in vllm_container(chart)["args"]


def test_an_image_for_other_devices_than_those_asked_for_warns() -> None:
    with pytest.warns(
        VllmCdk8sWarning, match=r"image: '.*' is built for nvidia, and amd\.com/gpu is of amd; use .*VC210"
    ):
        served(gpu_resource="amd.com/gpu", gpus=4)


def test_an_account_by_name_is_used_as_it_is() -> None:
    chart = served(service_account="default")
    assert pod_spec(chart)["serviceAccountName"] == "default"
    assert of_kind(chart, "ServiceAccount") == []


def test_a_cpu_server_asks_for_no_gpu_and_warns_of_nothing() -> None:
    assert "resources" not in vllm_container(served(gpus=0))


def test_an_instance_without_a_name_labels_what_cdk8s_names() -> None:
    deployment = the(served(instance="prod"), "Deployment")
    assert deployment["metadata"]["labels"][INSTANCE] == "prod"
    assert deployment["spec"]["selector"]["matchLabels"][INSTANCE] == "prod"
    assert deployment["metadata"]["name"].startswith("llm-server-")


def test_a_release_of_the_chart_is_taken_over_in_place() -> None:
    chart = new_chart(namespace="prod")
    VllmServer(chart, "server", name="prod-vllm", instance="prod", **PLAIN)
    assert the(chart, "Deployment")["spec"]["selector"]["matchLabels"] == {NAME: "vllm", INSTANCE: "prod"}
    assert the(chart, "PersistentVolumeClaim")["metadata"]["name"] == "prod-vllm-pvc"
    assert {document["metadata"]["name"] for document in documents(chart)} == {"prod-vllm", "prod-vllm-pvc"}


def test_a_server_named_plain_vllm_works() -> None:
    chart = served(name="vllm")
    assert the(chart, "Service")["metadata"]["name"] == "vllm"
    # The Service of this name would set VLLM_PORT.
    assert pod_spec(chart)["enableServiceLinks"] is False


def test_shared_memory_of_the_users_own_takes_the_place_of_ours() -> None:
    shm = "/dev/shm"  # noqa: S108 - the container's
    chart = served(
        gpus=2,
        volumes=[{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
        volume_mounts=[{"name": "dshm", "mountPath": shm}],
    )
    assert [mount["name"] for mount in vllm_container(chart)["volumeMounts"] if mount["mountPath"] == shm] == ["dshm"]


@pytest.mark.parametrize(
    ("resources", "warns"),
    [(None, True), (Resources(requests={"cpu": "4"}), False), (Resources(limits={"cpu": "4"}), False)],
)
def test_an_autoscaler_without_anything_to_measure_against_warns(resources: Resources | None, *, warns: bool) -> None:
    chart = new_chart()
    options: dict[str, Any] = {**PLAIN, "resources": resources, "storage": ModelStorage.none(chart, "none")}
    if not warns:
        VllmServer(chart, "server", autoscaling=Autoscaling(max_replicas=4), **options)
        return
    with pytest.warns(VllmCdk8sWarning, match=r"^autoscaling: there is no resources.requests\['cpu'\]"):
        VllmServer(chart, "server", autoscaling=Autoscaling(max_replicas=4), **options)


def test_an_autoscaler_on_a_claim_for_one_node_warns() -> None:
    resources = Resources(requests={"cpu": "4"})
    with pytest.warns(VllmCdk8sWarning, match="ReadWriteOnce claim with 100 replicas"):
        served(autoscaling=Autoscaling(), resources=resources)


def test_fewer_gpus_used_than_there_are_warns() -> None:
    with pytest.warns(VllmCdk8sWarning, match="^tensor_parallel_size: .*stay idle"):
        served(gpus=4, engine_args={"tensor_parallel_size": 2})


def test_a_warning_points_at_the_users_own_line() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning) as caught:
        VllmServer(chart, "server", model=MODEL)
    assert caught[0].filename == __file__


# What users hang on to a server


def test_a_patch_of_the_users_own_reaches_the_yaml_unchanged() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", **PLAIN)
    # Newer than Kubernetes 1.27, raw quantities, numbers and strings where kplus knows only one of them.
    resize = [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]
    newest = {"resources": {"limits": {"cpu": "1500m", "memory": 1024}}, "hostUsers": False, "unknown": {"a": ["b", 1]}}
    server.deployment.add_json_patch(
        cdk8s.JsonPatch.add("/spec/template/spec/containers/0/resizePolicy", resize),
        cdk8s.JsonPatch.add("/spec/template/spec/newest", newest),
        cdk8s.JsonPatch.replace("/spec/strategy/rollingUpdate/maxSurge", "25%"),
        cdk8s.JsonPatch.remove("/spec/template/spec/containers/0/livenessProbe"),
    )
    spec = the(chart, "Deployment")["spec"]
    assert spec["template"]["spec"]["containers"][0]["resizePolicy"] == resize
    assert spec["template"]["spec"]["newest"] == newest
    assert spec["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    assert "livenessProbe" not in spec["template"]["spec"]["containers"][0]


def test_the_api_object_of_a_server_is_its_deployment() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", **PLAIN)
    found = cdk8s.ApiObject.of(server)
    assert found.kind == "Deployment"
    assert found.node.path == server.deployment.node.path
    found.add_json_patch(cdk8s.JsonPatch.add("/spec/minReadySeconds", 5))
    found.metadata.add_label("found", "yes")
    deployment = the(chart, "Deployment")
    assert deployment["spec"]["minReadySeconds"] == 5
    assert deployment["metadata"]["labels"]["found"] == "yes"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/spec/containers/-", {"name": "a", "image": "a", "env": [{"name": "HF_TOKEN", "value": "s3cretvalue"}]}),
        ("/spec/containers/0/args/-", "--header=hf_" + "a1B2" * 9),
    ],
)
def test_a_patch_holds_no_literal_secret(path: str, value: object) -> None:
    server = VllmServer(new_chart(), "server", **PLAIN)
    with pytest.raises(InvalidOptionError, match="a literal secret would stand in the YAML") as refused:
        server.patch_pod(path, value)
    assert "s3cretvalue" not in str(refused.value)
    assert "a1B2" not in str(refused.value)


def test_the_pod_may_be_patched_in_its_own_terms() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", **PLAIN)
    server.patch_pod("/spec/hostname", "llm")
    server.patch_pod("/spec/containers/0/args/-", "--enforce-eager")
    assert pod_spec(chart)["hostname"] == "llm"
    assert vllm_container(chart)["args"][-1] == "--enforce-eager"


def test_pods_are_for_policies_and_services_of_the_users_own() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", **PLAIN)
    kplus.NetworkPolicy(chart, "policy", selector=server.pods)
    kplus.Service(chart, "debug", selector=server.pods, ports=[kplus.ServicePort(port=9000)])
    labels = the(chart, "Deployment")["spec"]["selector"]["matchLabels"]
    assert the(chart, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    assert [service["spec"]["selector"] for service in of_kind(chart, "Service")] == [labels, labels]
    assert server.pods is server.pods


def test_the_service_has_kpluss_own_api() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", name="llama", **PLAIN)
    server.service.expose_via_ingress("/llama")
    [path] = the(chart, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "llama", "port": {"number": 8000}}


@pytest.mark.parametrize(
    ("namespace", "options", "url"),
    [
        ("llm", {"name": "llama"}, "http://llama.llm:8000"),
        (None, {"name": "llama"}, "http://llama:8000"),
        ("llm", {"name": "llama", "service_port": 80, "port": 9000}, "http://llama.llm:80"),
    ],
)
def test_the_url_is_where_clients_in_the_cluster_go(namespace: str | None, options: dict[str, Any], url: str) -> None:
    server = VllmServer(new_chart(namespace=namespace), "server", **{**PLAIN, **options})
    assert server.url == url


def test_the_url_of_a_server_that_cdk8s_names_has_its_services_name() -> None:
    chart = new_chart(namespace="llm")
    server = VllmServer(chart, "server", **PLAIN)
    assert server.url == f"http://{the(chart, 'Service')['metadata']['name']}.llm:8000"


def test_what_a_server_uses_is_there_to_be_asked() -> None:
    chart = new_chart(namespace="llm")
    storage, probes = ModelStorage(chart, "models"), SlowStartProbes(chart, "probes")
    wrapper = DropCacheWrapper(chart, "drop-cache")
    server = VllmServer(chart, "server", storage=storage, probes=probes, drop_cache=wrapper, **PLAIN)
    assert (server.storage, server.probes, server.drop_cache) == (storage, probes, wrapper)
    assert server.namespace == "llm"
    assert server.service.name == the(chart, "Service")["metadata"]["name"]
    own = VllmServer(chart, "own", **PLAIN)
    assert isinstance(own.storage, ModelStorage)
    assert isinstance(own.probes, SlowStartProbes)
    assert own.drop_cache is None


def test_all_four_constructs_stand_in_the_tree() -> None:
    chart = new_chart()
    storage = ModelStorage.none(chart, "models")
    made: list[Construct] = [
        storage,
        SlowStartProbes(chart, "probes"),
        DropCacheWrapper(chart, "drop-cache"),
        VllmServer(chart, "server", storage=storage, **PLAIN),
    ]
    assert all(isinstance(construct, Construct) for construct in made)
    assert {child.node.id for child in chart.node.children} == {"models", "probes", "drop-cache", "server"}


# Side by side


def test_two_servers_in_one_chart(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "chat", **PLAIN)
    VllmServer(chart, "embed", name="embed", **{**PLAIN, "model": "BAAI/bge-m3"})
    found = [(document["kind"], document["metadata"]["name"]) for document in documents(chart)]
    assert len(set(found)) == 8
    selectors = [tuple(sorted(service["spec"]["selector"].items())) for service in of_kind(chart, "Service")]
    assert len(set(selectors)) == 2
    assert_golden(chart, snapshot)


def test_the_same_id_in_two_charts() -> None:
    app = cdk8s.App()
    for name, namespace in (("blue", "llm"), ("green", "llm")):
        VllmServer(cdk8s.Chart(app, name, namespace=namespace), "server", **PLAIN)
    names = [(document["kind"], document["metadata"]["name"]) for document in documents(app.charts[0])]
    assert len(names) == len(set(names)) == 8


def test_one_name_in_two_namespaces() -> None:
    app = cdk8s.App()
    for namespace in ("blue", "green"):
        VllmServer(cdk8s.Chart(app, namespace, namespace=namespace), "server", name="llama", **PLAIN)
    assert {document["metadata"]["namespace"] for document in documents(app.charts[0])} == {"blue", "green"}


def test_a_server_deep_in_a_construct_of_the_users_own() -> None:
    chart = new_chart(namespace="llm")
    first, second = Construct(chart, "first"), Construct(chart, "second")
    servers = [VllmServer(scope, "server", **PLAIN) for scope in (first, second)]
    assert {server.namespace for server in servers} == {"llm"}
    assert len({deployment["metadata"]["name"] for deployment in of_kind(chart, "Deployment")}) == 2


def test_a_claim_of_its_own_may_be_mounted_by_another_construct() -> None:
    chart = new_chart()
    server = VllmServer(chart, "server", name="llama", **PLAIN)
    job = kplus.Job(chart, "job", containers=[kplus.ContainerProps(image="busybox")])
    assert server.storage.claim is not None
    job.add_volume(kplus.Volume.from_persistent_volume_claim(chart, "volume", server.storage.claim))
    [volume] = the(chart, "Job")["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == "llama-pvc"


def test_typed_objects_are_accepted_where_a_resource_is_referenced() -> None:
    chart = new_chart()
    account: Any = k8s.KubeServiceAccount(chart, "account", metadata=k8s.ObjectMeta(name="typed"))
    VllmServer(chart, "server", service_account=account, **PLAIN)
    assert pod_spec(chart)["serviceAccountName"] == "typed"


# What a sizing says


def test_a_sizing_says_what_nothing_else_says() -> None:
    chart = new_chart()
    sizing = size_model("Qwen/Qwen2.5-72B-Instruct", max_model_len=16_384)
    server = VllmServer(chart, "sized", model="Qwen/Qwen2.5-72B-Instruct", image=PLAIN["image"], sizing=sizing)
    resources = vllm_container(chart)["resources"]
    assert resources["requests"] == {"memory": sizing.memory_request}
    assert resources["limits"] == {"memory": sizing.memory_limit, "nvidia.com/gpu": sizing.gpus}
    assert f"--tensor-parallel-size={sizing.gpus}" in server.engine.args
    assert "--max-model-len=16384" in server.engine.args
    assert server.probes.startup_seconds >= sizing.max_startup_seconds == 3600
    assert the(chart, "PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"] == sizing.claim_size


def test_whatever_else_is_said_wins_over_a_sizing() -> None:
    chart = new_chart()
    server = VllmServer(
        chart,
        "sized",
        model=PLAIN["model"],
        image=PLAIN["image"],
        gpus=2,
        resources=Resources(limits={"memory": "48Gi"}),
        storage=ModelStorage(chart, "models", size="70Gi"),
        probes=SlowStartProbes(chart, "probes", max_startup_seconds=900),
        engine_args={"max_model_len": 4096},
        sizing=size_model("7B", gpu_memory="24GB"),
    )
    assert vllm_container(chart)["resources"] == {"limits": {"memory": "48Gi", "nvidia.com/gpu": 2}}
    assert server.engine.max_model_len == 4096
    assert server.probes.startup_seconds == 900
    assert the(chart, "PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"] == "70Gi"


def test_a_context_that_the_sized_gpus_have_no_room_for_warns() -> None:
    sizing = size_model("Qwen/Qwen2.5-7B-Instruct", gpu_memory="24GB")
    assert sizing.kv_cache_tokens is not None
    long = 2 * sizing.kv_cache_tokens
    options = {**PLAIN, "model": "acme/unknown", "gpus": sizing.gpus, "engine_args": {"max_model_len": long}}
    with pytest.warns(VllmCdk8sWarning, match=f"max_model_len: {long} tokens do not fit into the room of"):
        VllmServer(new_chart(), "sized", **options, sizing=sizing)


# What it costs


@contextmanager
def counted_calls() -> Iterator[list[str]]:
    """The names of the requests that go to Node meanwhile."""
    calls: list[str] = []
    original = _NodeProcess.send

    def send(self: Any, request: Any, response_type: Any) -> Any:
        calls.append(type(request).__name__)
        return original(self, request, response_type)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_NodeProcess, "send", send)
        yield calls


def with_wrapper(chart: cdk8s.Chart) -> dict[str, Any]:
    return {"name": "second", "drop_cache": DropCacheWrapper(chart, "drop-cache")}


def with_pieces(chart: cdk8s.Chart) -> dict[str, Any]:
    storage = ModelStorage(chart, "models", access_mode="ReadWriteMany")
    return {"storage": storage, "probes": SlowStartProbes(chart, "probes")}


@pytest.mark.parametrize(
    "options",
    [lambda _: {}, lambda _: {"name": "second"}, lambda _: {"instance": "second"}, with_wrapper, with_pieces],
    ids=["unnamed", "named", "instance", "drop-cache", "pieces"],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "further"])
def test_a_server_takes_no_more_than_15_jsii_calls(
    options: Callable[[cdk8s.Chart], dict[str, Any]], *, first: bool
) -> None:
    chart = new_chart(namespace="llm")
    if not first:
        VllmServer(chart, "other", name="other", **PLAIN)
    given = options(chart)
    with counted_calls() as calls:
        VllmServer(chart, "server", **given, **PLAIN)
    # Once for each app: what its root is, a check that is added, and two patches that all servers share. Once for each
    # chart: its namespace, and, where a server has no name, its path and how it names objects.
    assert 5 < len(calls) <= (21 if first or "name" not in given else 15), calls


@pytest.mark.parametrize(("named", "most"), [(True, 13), (False, 15)], ids=["named", "unnamed"])
def test_a_server_in_a_construct_of_its_own_asks_nothing_that_its_chart_is_known_for(*, named: bool, most: int) -> None:
    chart = new_chart(namespace="llm")
    VllmServer(chart, "other", **PLAIN)
    VllmServer(chart, "another", name="another", **PLAIN)
    scope = Construct(chart, "team")
    given: dict[str, Any] = {"name": "server"} if named else {}
    with counted_calls() as calls:
        VllmServer(scope, "server", **given, **PLAIN)
    assert 5 < len(calls) <= most, calls


def test_a_hundredth_server_takes_as_many_calls_as_the_second() -> None:
    chart = new_chart()
    counts = []
    for index in range(100):
        with counted_calls() as calls:
            VllmServer(chart, f"server-{index}", name=f"server-{index}", **PLAIN)
        counts.append(len(calls))
    assert len(set(counts[1:])) == 1


def test_synthesis_asks_as_often_for_ten_servers_as_for_two() -> None:
    counts = []
    for servers in (2, 10):
        chart = new_chart(namespace="llm")
        for index in range(servers):
            VllmServer(chart, f"server-{index}", name=f"server-{index}", **PLAIN)
        with counted_calls() as calls:
            cdk8s.App.of(chart).synth_yaml()
        counts.append(len(calls))
    assert counts[0] == counts[1], counts


def test_amds_gpus_are_counted_in_amds_resource() -> None:
    chart = synthesis.new_chart()
    VllmServer(chart, "llama", model=synthesis.MODEL, image="vllm/vllm-openai-rocm:v0.20.2", gpu="MI300X", gpus=2,
               engine_args={"max_model_len": 32768})  # fmt: skip
    assert synthesis.vllm_container(chart)["resources"]["limits"] == {"amd.com/gpu": 2}
