"""VllmChart: values become the same objects that the constructs make, under the chart's names."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import cdk8s
import pytest

from tests.kubernetes_schemas import assert_valid
from vllm_cdk8s import (
    Autoscaling,
    DropCacheWrapper,
    Ingress,
    ModelStorage,
    Resources,
    SlowStartProbes,
    VllmCdk8sWarning,
    VllmServer,
)
from vllm_cdk8s.helm.chart import VllmChart
from vllm_cdk8s.helm.loading import parse_values
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.reference import default_values_text

if TYPE_CHECKING:
    from pathlib import Path

GPU = {"resources": {"limits": {"nvidia.com/gpu": 1}}}

AUTH = {"nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/auth"}


def synth(tmp_path: Path, release: str = "prod", namespace: str | None = None, **values: Any) -> dict[str, Any]:
    app = cdk8s.App(outdir=str(tmp_path))
    chart = VllmChart(app, release, values={**GPU, **values}, namespace=namespace)
    return {document["kind"]: document for document in cdk8s.Testing.synth(chart)}


def pod_of(objects: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return spec


def test_values_and_constructs_make_the_same_objects(tmp_path: Path) -> None:
    by_values = synth(
        tmp_path,
        "prod",
        "llm",
        vllm={
            "model": "Qwen/Qwen3-8B",
            "gpuMemoryUtilization": 0.8,
            "maxModelLen": 4096,
            "env": [{"name": "A", "value": 1}],
        },
        resources={"limits": {"nvidia.com/gpu": 2, "memory": "64Gi", "cpu": 8}},
        persistence={"size": "200Gi", "storageClass": "fast"},
        slowStart={"maxStartupSeconds": 1200},
        ingress={"enabled": True, "className": "nginx", "hosts": [{"host": "llm.example.com"}], "annotations": AUTH},
        autoscaling={"enabled": True, "maxReplicas": 1},
        init_drop_cache=True,
        nodeSelector={"gpu": "a100"},
        podAnnotations={"a": "b"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
        image={"tag": "v0.20.2"},
    )

    app = cdk8s.App(outdir=str(tmp_path))
    chart = cdk8s.Chart(app, "chart", namespace="llm")
    VllmServer(
        chart,
        "server",
        name="prod-vllm",
        instance="prod",
        model="Qwen/Qwen3-8B",
        image="vllm/vllm-openai:v0.20.2",
        engine_args={"gpu_memory_utilization": 0.8, "max_model_len": 4096},
        env={"A": "1"},
        resources=Resources(limits={"nvidia.com/gpu": 2, "memory": "64Gi", "cpu": 8}),
        storage=ModelStorage(
            chart,
            "models",
            name="prod-vllm-pvc",
            size="200Gi",
            storage_class="fast",
            labels={"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": "prod"},
        ),
        probes=SlowStartProbes(chart, "probes", max_startup_seconds=1200),
        ingress=Ingress(hosts=["llm.example.com"], class_name="nginx", annotations=AUTH),
        autoscaling=Autoscaling(max_replicas=1),
        drop_cache=DropCacheWrapper(chart, "drop-cache"),
        node_selector={"gpu": "a100"},
        pod_annotations={"a": "b"},
        tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
    )
    by_constructs = {document["kind"]: document for document in cdk8s.Testing.synth(chart)}

    assert by_values == by_constructs
    assert "replicas" not in by_values["Deployment"]["spec"]
    assert {document["metadata"]["namespace"] for document in by_values.values()} == {"llm"}
    assert_valid(by_values.values())


def test_the_default_values_fed_back_change_nothing(tmp_path: Path) -> None:
    fed_back = parse_values(default_values_text())

    assert synth(tmp_path, **{**fed_back, **GPU}) == synth(tmp_path)


def test_a_values_file_may_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("replicaCount: 1\nvllm: {model: Qwen/Qwen3-8B}\nresources: {limits: {nvidia.com/gpu: 1}}\n")
    chart = VllmChart(cdk8s.App(outdir=str(tmp_path)), "chart", values=path, release="prod")

    assert chart.values.vllm.model == "Qwen/Qwen3-8B"
    assert chart.release.fullname == chart.server.name == "prod-vllm"
    assert chart.server.url == "http://prod-vllm:8000"


def test_two_releases_live_in_one_app(tmp_path: Path) -> None:
    app = cdk8s.App(outdir=str(tmp_path))
    for release in ("blue", "green"):
        VllmChart(app, release, values=GPU, namespace="llm")

    assert_valid(app.synth_yaml())


def test_the_same_release_twice_in_one_namespace_is_refused(tmp_path: Path) -> None:
    app = cdk8s.App(outdir=str(tmp_path))
    VllmChart(app, "first", values=GPU, release="prod")

    with pytest.raises(ValuesError, match="'prod-vllm-pvc' is the name of two PersistentVolumeClaims"):
        VllmChart(app, "second", values=GPU, release="prod")


def test_service_accounts_follow_the_values(tmp_path: Path) -> None:
    made = synth(tmp_path)
    named = synth(tmp_path, serviceAccount={"name": "me", "annotations": {"eks.amazonaws.com/role-arn": "arn"}})
    given = synth(tmp_path, serviceAccount={"create": False, "name": "mine"})
    default = synth(tmp_path, serviceAccount={"create": False})

    assert made["ServiceAccount"]["metadata"]["name"] == pod_of(made)["serviceAccountName"] == "prod-vllm"
    assert named["ServiceAccount"]["metadata"]["name"] == pod_of(named)["serviceAccountName"] == "me"
    assert named["ServiceAccount"]["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn"}
    assert named["ServiceAccount"]["automountServiceAccountToken"] is False
    assert "ServiceAccount" not in given
    assert pod_of(given)["serviceAccountName"] == "mine"
    assert pod_of(default)["serviceAccountName"] == "default"


def test_a_kai_share_takes_the_place_of_whole_gpus(tmp_path: Path) -> None:
    objects = synth(
        tmp_path,
        kaischeduler={"queue": "team", "gpuMemoryMiB": 8000, "gpuTotalMemoryMiB": 40000},
        resources={"limits": {"cpu": "4", "nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": 1}},
    )
    template = objects["Deployment"]["spec"]["template"]

    assert template["spec"]["schedulerName"] == "kai-scheduler"
    assert template["metadata"]["labels"]["kai.scheduler/queue"] == "team"
    assert template["metadata"]["annotations"] == {"gpu-memory": "8000"}
    assert template["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "4"}}
    # KAI does not enforce a share, so vLLM must be told.
    assert "--gpu-memory-utilization=0.2" in template["spec"]["containers"][0]["args"]


def test_a_kai_queue_alone_keeps_whole_gpus(tmp_path: Path) -> None:
    pod = pod_of(synth(tmp_path, kaischeduler={"queue": "team"}))

    assert pod["schedulerName"] == "kai-scheduler"
    assert pod["containers"][0]["resources"] == {"limits": {"nvidia.com/gpu": 1}}


def test_a_service_monitor_needs_both_switches(tmp_path: Path) -> None:
    monitor = {"enabled": True, "interval": "15s", "labels": {"release": "prometheus"}}
    objects = synth(tmp_path, monitoring={"enabled": True, "serviceMonitor": monitor})

    assert objects["ServiceMonitor"]["metadata"]["name"] == "prod-vllm"
    assert objects["ServiceMonitor"]["metadata"]["labels"]["release"] == "prometheus"
    (endpoint,) = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["interval"], endpoint["scrapeTimeout"]) == ("http", "15s", "10s")
    assert_valid(objects.values())
    with pytest.warns(VllmCdk8sWarning, match=r"^monitoring\.serviceMonitor\.enabled: true has no effect"):
        assert "ServiceMonitor" not in synth(tmp_path, monitoring={"serviceMonitor": monitor})
    with pytest.warns(VllmCdk8sWarning, match=r"^monitoring\.enabled: true has no effect"):
        synth(tmp_path, monitoring={"enabled": True})


def test_what_null_unsets_is_left_to_vllm(tmp_path: Path) -> None:
    vllm = {"gpuMemoryUtilization": None, "maxModelLen": None, "cudaGraphMode": None, "asyncScheduling": None}
    args = pod_of(synth(tmp_path, vllm=vllm))["containers"][0]["args"]

    assert args == ["microsoft/DialoGPT-medium", "--host=0.0.0.0", "--port=8000"]


@pytest.mark.parametrize(("said", "flag"), [(True, "--async-scheduling"), (False, "--no-async-scheduling")])
def test_async_scheduling_is_a_flag_only_when_it_is_said(tmp_path: Path, said: bool, flag: str) -> None:
    assert flag in pod_of(synth(tmp_path, vllm={"asyncScheduling": said}))["containers"][0]["args"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"repository": "registry.example.com:5000/vllm", "tag": "v0.20.2"}, "registry.example.com:5000/vllm:v0.20.2"),
        ({"tag": ""}, "vllm/vllm-openai:latest"),
        ({"tag": "sha256:" + "a" * 64}, "vllm/vllm-openai@sha256:" + "a" * 64),
    ],
)
def test_the_image_is_repository_and_tag_or_digest(tmp_path: Path, image: dict[str, str], expected: str) -> None:
    assert pod_of(synth(tmp_path, image=image))["containers"][0]["image"] == expected


def test_everything_else_of_the_pod_comes_from_its_own_value(tmp_path: Path) -> None:
    objects = synth(
        tmp_path,
        imagePullSecrets=[{"name": "registry"}],
        podSecurityContext={"fsGroup": 1000},
        securityContext={"allowPrivilegeEscalation": False},
        runtimeClassName="nvidia",
        affinity={"nodeAffinity": {}},
        service={"type": "NodePort", "port": 80},
        replicaCount=0,
        vllm={
            "host": "::",
            "port": 9000,
            "tensorParallelSize": 1,
            "trustRemoteCode": True,
            "additionalArgs": ["--seed", "3"],
            "env": [{"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "C"}],
        },
    )
    pod = pod_of(objects)
    container = pod["containers"][0]

    assert objects["Deployment"]["spec"]["replicas"] == 0
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["securityContext"]["fsGroup"] == 1000
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert pod["runtimeClassName"] == "nvidia"
    assert container["ports"][0]["containerPort"] == 9000
    assert {"--host=::", "--port=9000", "--tensor-parallel-size=1", "--trust-remote-code"} <= set(container["args"])
    assert " ".join(container["args"]).replace("=", " ").endswith("--seed 3")
    assert {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}} in container["env"]
    assert {"name": "C", "value": ""} in container["env"]
    port = objects["Service"]["spec"]["ports"][0]
    assert (objects["Service"]["spec"]["type"], port["port"], port["targetPort"]) == ("NodePort", 80, 9000)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"vllm": {"env": [{"name": "VLLM_PORT", "value": 1}]}}, "vllm.env[0].name: 'VLLM_PORT' is the base of"),
        ({"vllm": {"env": [{"name": "A"}, {"name": "A"}]}}, "vllm.env[1].name: 'A' is there twice"),
        ({"vllm": {"env": [{"name": "HF_TOKEN", "value": "x"}]}}, "allowed: vllm.env with valueFrom.secretKeyRef"),
        ({"vllm": {"additionalArgs": ["--api-key", "x"]}}, "use vllm.env with valueFrom.secretKeyRef"),
        ({"vllm": {"additionalArgs": ["--max-model-len=8"], "maxModelLen": 9}},
         "vllm.additionalArgs[0]: --max-model-len: vllm.maxModelLen is set in vllm too; say it once"),
        ({"ingress": {"enabled": True, "tls": [{"secretName": "A"}]}}, "ingress.tls[0].secretName: 'A'"),
        ({"vllm": {"tensorParallelSize": 2}}, "vllm.tensorParallelSize: "),
        ({"vllm": {"maxModelLen": "much"}}, "vllm.maxModelLen: "),
        ({"ingress": {"enabled": True, "hosts": [{"host": "A_"}]}}, "ingress.hosts[0].host: 'A_'"),
        ({"ingress": {"enabled": True, "hosts": []}}, "ingress.hosts: has no host"),
        ({"ingress": {"enabled": True, "hosts": [{"host": "a", "paths": [{"path": "v1"}]}]}},
         "ingress.hosts[0].paths[0].path: 'v1' is not an absolute path"),
        ({"ingress": {"enabled": True, "className": "A"}}, "ingress.className: 'A'"),
        ({"persistence": {"size": "0"}}, "persistence.size: '0' is "),
        ({"persistence": {"existingClaim": "A"}}, "persistence.existingClaim: 'A'"),
        ({"resources": {"limits": {"cpu": 1}, "requests": {"cpu": 2}}}, "resources.requests.cpu: 2 is above"),
        ({"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 1}}, "autoscaling.minReplicas: 2 is above"),
        ({"nodeSelector": {"a b": "c"}}, "nodeSelector: 'a b' is not a qualified name"),
        ({"podAnnotations": {"a b": "c"}}, "podAnnotations: 'a b' is not a qualified name"),
        ({"imagePullSecrets": [{"name": "A"}]}, "imagePullSecrets[0].name: 'A'"),
        ({"serviceAccount": {"name": "A"}}, "serviceAccount.name: 'A'"),
        ({"runtimeClassName": "A"}, "runtimeClassName: 'A'"),
        ({"kaischeduler": {"gpuMemoryMiB": 2, "gpuTotalMemoryMiB": 1}},
         "kaischeduler.gpuMemoryMiB: 2 is above kaischeduler.gpuTotalMemoryMiB: 1"),
        ({"kaischeduler": {"queue": "_"}}, "kaischeduler.queue: '_'"),
        ({"monitoring": {"enabled": True, "serviceMonitor": {"enabled": True, "interval": "5s"}}},
         "monitoring.serviceMonitor.scrapeTimeout: '10s' is longer than monitoring.serviceMonitor.interval"),
        ({"livenessProbe": {"httpGet": {"path": "x"}}}, "livenessProbe.httpGet.path: 'x'"),
    ],
)  # fmt: skip
def test_an_error_of_the_library_names_the_value(tmp_path: Path, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValuesError) as caught:
        synth(tmp_path, **values)

    (line,) = caught.value.lines
    assert problem in line


def test_a_default_that_is_written_down_gives_way_to_additional_args(tmp_path: Path) -> None:
    said = {"gpuMemoryUtilization": 0.9, "cudaGraphMode": "FULL_AND_PIECEWISE"}
    more = ["--gpu-memory-utilization=0.5", '--compilation-config={"cudagraph_mode":"NONE"}']
    args = pod_of(synth(tmp_path, vllm={**said, "additionalArgs": more}))["containers"][0]["args"]

    assert args[-2:] == more
    assert len([arg for arg in args if "utilization" in arg or "cudagraph_mode" in arg]) == 2


def test_what_is_newer_than_this_chart_can_be_passed_on(tmp_path: Path) -> None:
    vllm = {"uncheckedArgs": ["--some-day", "1"], "engineVersion": "0.11.0"}
    image = {"repository": "nvcr.io/nvidia/vllm", "tag": "25.09-py3"}
    args = pod_of(synth(tmp_path, vllm=vllm, image=image))["containers"][0]["args"]

    assert args[-2:] == ["--some-day", "1"]


def test_a_target_port_of_its_own_warns(tmp_path: Path) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^service\.targetPort: 8080 has no effect"):
        synth(tmp_path, service={"targetPort": 8080})


def test_what_kubernetes_expanded_for_the_helm_chart_arrives_as_it_is_and_warns(tmp_path: Path) -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"^vllm\.env\[0\]\.value: '\$\(POD_IP\)' arrives as it is written"):
        objects = synth(tmp_path, vllm={"env": [{"name": "A", "value": "$(POD_IP):1"}]})

    assert {"name": "A", "value": "$$(POD_IP):1"} in pod_of(objects)["containers"][0]["env"]


# What the Helm chart of release `prod` left in the cluster, where it matters for a takeover.
OLD_LABELS = {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": "prod"}
OLD_POD = {
    "runtimeClassName": "nvidia",
    "serviceAccountName": "prod-vllm",
    "containers": [
        {
            "name": "vllm",
            "image": "vllm/vllm-openai:latest",
            "command": ["vllm", "serve"],
            "args": ["microsoft/DialoGPT-medium", "--host", "::", "--port", "8000"],
            "env": [
                {"name": "VLLM_PORT", "value": "8000"},
                {"name": "CUDA_VISIBLE_DEVICES", "value": "0"},
                {"name": "MODEL_NAME", "value": "microsoft/DialoGPT-medium"},
            ],
            "volumeMounts": [{"name": "model-storage", "mountPath": "/root/.cache"}],
        }
    ],
    "volumes": [{"name": "model-storage", "persistentVolumeClaim": {"claimName": "prod-vllm-pvc"}}],
}
_MERGE_KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath"}


def applied(last: Any, live: Any, new: Any, field: str = "") -> Any:
    """What `kubectl apply` leaves of a live object: the new one over it, less what was applied last and is gone."""
    if isinstance(new, dict) and isinstance(live, dict):
        last = last if isinstance(last, dict) else {}
        kept = {key: item for key, item in live.items() if key in new or key not in last}
        return {key: applied(last.get(key), kept.get(key), new.get(key, kept.get(key)), key) for key in {**kept, **new}}
    if isinstance(new, list) and isinstance(live, list) and field in _MERGE_KEYS:
        key = _MERGE_KEYS[field]
        was, stands, wanted = [{item[key]: item for item in items or ()} for items in (last, live, new)]
        return list(applied(was, stands, wanted).values())
    return copy.deepcopy(new)


def test_a_running_release_is_taken_over_in_place(tmp_path: Path) -> None:
    objects = synth(tmp_path)

    # Immutable, so that anything else would be refused; and the claim is the one with the models in it.
    assert objects["Deployment"]["metadata"]["name"] == objects["Service"]["metadata"]["name"] == "prod-vllm"
    assert objects["Deployment"]["spec"]["selector"] == {"matchLabels": OLD_LABELS}
    assert OLD_LABELS.items() <= objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    assert objects["Service"]["spec"]["selector"] == OLD_LABELS
    assert objects["PersistentVolumeClaim"]["metadata"]["name"] == "prod-vllm-pvc"
    assert objects["ServiceAccount"]["metadata"]["name"] == "prod-vllm"


def test_a_takeover_that_knows_the_old_manifest_leaves_nothing_of_it(tmp_path: Path) -> None:
    new = pod_of(synth(tmp_path))

    taken_over = applied(OLD_POD, OLD_POD, new)

    names = [variable["name"] for variable in taken_over["containers"][0]["env"]]
    assert not {"VLLM_PORT", "CUDA_VISIBLE_DEVICES", "MODEL_NAME"} & set(names)
    assert "runtimeClassName" not in taken_over
    assert taken_over == new


def test_a_takeover_that_does_not_know_it_would_keep_vllm_port(tmp_path: Path) -> None:
    merged = applied(None, OLD_POD, pod_of(synth(tmp_path)))

    assert {"name": "VLLM_PORT", "value": "8000"} in merged["containers"][0]["env"]
    assert merged["runtimeClassName"] == "nvidia"


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValuesError) as caught:
        synth(
            tmp_path,
            persistence={"size": "0"},
            autoscaling={"enabled": True, "minReplicas": 3, "maxReplicas": 2},
            ingress={"enabled": True, "hosts": [{"host": "a b"}]},
            image={"repository": "A b"},
            vllm={"host": "$(HOST)", "env": [{"name": "1"}], "additionalArgs": ["--sed=1"]},
            slowStart={"enabled": False},
            livenessProbe={"httpGet": {"path": "x"}},
        )
    assert [line.split(":")[0] for line in caught.value.lines] == [
        "image.repository",
        "vllm.host",
        "vllm.env[0].name",
        "persistence.size",
        "livenessProbe.httpGet.path",
        "autoscaling.minReplicas",
        "ingress.hosts[0].host",
        "vllm.additionalArgs[0]",
    ]


def test_three_bad_arguments_are_three_lines(tmp_path: Path) -> None:
    with pytest.raises(ValuesError) as caught:
        synth(tmp_path, image={"tag": "v0.20.2"}, vllm={"additionalArgs": ["--foo", "--seed=x"], "maxModelLen": "abc"})
    assert caught.value.lines == (
        "vllm.maxModelLen: 'abc' is not a whole number of at least 0, or one with a unit such as '32k'",
        "vllm.additionalArgs[0]: --foo is not an option of vLLM 0.20.2; vllm.uncheckedArgs passes on what is newer",
        "vllm.additionalArgs[1]: --seed: 'x' is not a whole number",
    )
