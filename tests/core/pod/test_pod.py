"""The pod builder: plain data in wire form, without Node."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod import template as pod
from vllm_cdk8s.core.pod.health import slow_start
from vllm_cdk8s.core.pod.resources import Resources, with_gpus
from vllm_cdk8s.core.pod.template import environment, literal, shared_memory

NVIDIA = "nvidia.com/gpu"
SHM = "/dev/shm"  # noqa: S108 - the container's
CACHES = ["HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR"]


@pytest.mark.parametrize(
    "module",
    [
        "core.pod.template",
        "core.server.plan",
        "core.engine",
        "core.models.sizing",
        "core.errors",
        "core.traffic.ingress",
    ],
)
def test_pure_modules_import_neither_jsii_nor_cdk8s(module: str) -> None:
    code = (
        f"import sys, vllm_cdk8s.{module}\n"
        "print(sorted({'jsii', 'cdk8s', 'cdk8s_plus_27', 'constructs'} & set(sys.modules)))"
    )
    # On an empty PATH there is no Node to be found either.
    done = subprocess.run([sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# Text that the kubelet must hand over as it is.


def expanded(text: str, variables: dict[str, str]) -> str:
    """What the kubelet makes of a text, after the rules of Kubernetes' own expansion of $(NAME)."""
    result, index = "", 0
    while index < len(text):
        end = text.find(")", index) if text.startswith("$(", index) else -1
        if text.startswith("$$", index):
            result, index = result + "$", index + 2
        elif end > 0:
            name = text[index + 2 : end]
            result, index = result + variables.get(name, f"$({name})"), end + 1
        else:
            result, index = result + text[index], index + 1
    return result


@given(st.text(alphabet="$()AB{} ", max_size=20))
def test_text_reaches_the_container_unchanged_whatever_dollars_it_holds(text: str) -> None:
    assert expanded(literal(text), {"A": "expanded", "B": "", "": "nothing"}) == text


def test_text_without_references_stays_readable() -> None:
    assert literal('{"cost": "5$", "path": "${HOME}/x"}') == '{"cost": "5$", "path": "${HOME}/x"}'
    assert literal("$(HOME)") == "$$(HOME)"


# Environment


def test_all_caches_are_below_the_mount_path() -> None:
    variables = environment({}, caches_below="/root/.cache/", identity={})
    assert [variable["name"] for variable in variables] == CACHES
    assert {variable["value"].rpartition("/")[0] for variable in variables} == {"/root/.cache"}
    assert len({variable["value"] for variable in variables}) == 4


def test_a_users_variable_wins_over_a_cache_and_stands_once() -> None:
    variables = environment({"HF_HOME": "/models/hf", "X": ""}, caches_below="/models", identity={})
    assert [variable["name"] for variable in variables] == [*CACHES, "X"]
    assert variables[0] == {"name": "HF_HOME", "value": "/models/hf"}
    assert variables[-1] == {"name": "X", "value": ""}


def test_a_value_from_elsewhere_is_passed_on_in_wire_form() -> None:
    source = {"fieldRef": {"fieldPath": "status.podIP"}}
    [variable] = environment({"VLLM_HOST_IP": source}, caches_below=None, identity={})
    assert variable == {"name": "VLLM_HOST_IP", "valueFrom": source}


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "VLLM_API_KEY"])
def test_a_literal_secret_is_refused(name: str) -> None:
    with pytest.raises(InvalidOptionError, match=rf"env\['{name}'\]: a literal secret .* SecretKey") as caught:
        environment({name: "s3cr3t"}, caches_below=None, identity={})
    assert "s3cr3t" not in str(caught.value)


def test_what_looks_like_a_secret_warns_without_showing_it() -> None:
    with pytest.warns(VllmCdk8sWarning, match=r"env\['WANDB_API_KEY'\]: looks like a secret") as caught:
        environment({"WANDB_API_KEY": "s3cr3t"}, caches_below=None, identity={})
    assert "s3cr3t" not in str(caught[0].message)


# The container


def container(**options: Any) -> dict[str, Any]:
    given_options: dict[str, Any] = {
        "image": "vllm/vllm-openai:v0.20.2",
        "image_pull_policy": "IfNotPresent",
        "command": ["vllm", "serve"],
        "args": ["some/model"],
        "port": 8000,
        "env": [],
        "env_from": [],
        "resources": Resources(),
        "health": None,
        "scheme": "HTTP",
        "volume_mounts": [],
        "security_context": {},
        **options,
    }
    return pod.container(**given_options)


def test_a_bare_container_says_nothing_that_was_not_asked_for() -> None:
    assert container() == {
        "name": "vllm",
        "image": "vllm/vllm-openai:v0.20.2",
        "imagePullPolicy": "IfNotPresent",
        "command": ["vllm", "serve"],
        "args": ["some/model"],
        "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
    }


def test_a_full_container_has_each_concern_in_its_place() -> None:
    health = slow_start(600)
    result = container(
        env=[{"name": "A", "value": "1"}],
        env_from=[{"secretRef": {"name": "s"}}],
        resources=Resources(limits={"cpu": "4"}),
        health=health,
        volume_mounts=[{"name": "model-storage", "mountPath": "/m"}],
        security_context={"allowPrivilegeEscalation": False},
        pre_stop=["sleep", "10"],
    )
    assert result["env"] == [{"name": "A", "value": "1"}]
    assert result["envFrom"] == [{"secretRef": {"name": "s"}}]
    assert result["resources"] == {"limits": {"cpu": "4"}}
    assert result["startupProbe"] == health.startup
    assert result["livenessProbe"] == health.liveness
    assert result["readinessProbe"] == health.readiness
    assert result["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "10"]}}}
    assert result["securityContext"] == {"allowPrivilegeEscalation": False}


def test_probes_speak_https_where_vllm_serves_tls() -> None:
    result = container(health=slow_start(600), scheme="HTTPS")
    for role in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert result[role]["httpGet"] == {"path": "/health", "port": "http", "scheme": "HTTPS"}


# Resources and GPUs


def test_gpus_become_a_limit_beside_the_users_own() -> None:
    resources, gpus = with_gpus(Resources(limits={"memory": "24Gi"}), gpus=2, gpu_resource=NVIDIA)
    assert gpus == 2
    assert resources.wire() == {"limits": {"memory": "24Gi", NVIDIA: 2}}


def test_gpus_may_be_said_in_resources_alone() -> None:
    given_resources = Resources(limits={NVIDIA: "1"}, requests={NVIDIA: "1"})
    assert with_gpus(given_resources, gpus=None, gpu_resource=NVIDIA) == (given_resources, 1)


def test_a_request_for_gpus_gets_the_limit_that_kubernetes_demands() -> None:
    resources, gpus = with_gpus(Resources(requests={NVIDIA: 2}), gpus=None, gpu_resource=NVIDIA)
    assert (resources.limits, gpus) == ({NVIDIA: 2}, 2)


def test_no_gpu_is_no_entry_at_all() -> None:
    assert with_gpus(Resources(), gpus=0, gpu_resource=NVIDIA) == (Resources(), 0)
    assert Resources().wire() == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": {"memory": "24 GB"}}, "resources.limits['memory']: '24 GB' is not a quantity"),
        ({"limits": {"memory": 1.5}}, "resources.limits['memory']: 1.5 is not a quantity"),
        ({"requests": {"cpu": True}}, "resources.requests['cpu']: True is not a quantity"),
        ({"limits": {NVIDIA: "500m"}}, "resources.limits['nvidia.com/gpu']: '500m' is not a whole number of GPUs"),
        ({"limits": {"amd.com/mig": 0.5}}, "resources.limits['amd.com/mig']: 0.5 is not a quantity"),
        ({"limits": {"amd.com/mig": "0.5"}}, "resources.limits['amd.com/mig']: '0.5' is not a whole number of devices"),
        (
            {"limits": {"memory": "24"}},
            "resources.limits['memory']: '24' is 24 bytes, less than any container starts in; did you mean '24Gi'?",
        ),
        (
            {"limits": {"memory": "512m"}},
            "resources.limits['memory']: '512m' is 0.512 bytes, less than any container starts in",
        ),
        ({"limits": {"hugepages-2Mi": "3Mi"}}, "resources.limits['hugepages-2Mi']: '3Mi' is not a multiple"),
        ({"limits": {"nvidia com": 1}}, "resources.limits: 'nvidia com' is not a qualified name"),
        ({"limits": ["memory"]}, "resources.limits: ['memory'] is not a mapping"),
        ({"limits": {"memory": "1Gi"}, "requests": {"memory": "2Gi"}}, "resources.requests['memory']: '2Gi' is above"),
    ],
)
def test_resources_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        Resources(**options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("resources", "gpus", "message"),
    [
        (Resources(limits={NVIDIA: 2}), 1, "gpus: 1 contradicts resources.limits['nvidia.com/gpu']: 2"),
        (Resources(limits={NVIDIA: 2}, requests={NVIDIA: 1}), None, "resources: limits and requests of"),
        (Resources(), 1.0, "gpus: 1.0 is not a whole number"),
        (Resources(), True, "gpus: True is not a whole number"),
        (Resources(), -1, "gpus: -1 is out of range; allowed: a whole number of at least 0"),
    ],
)
def test_gpus_that_contradict_or_are_no_number_are_refused(resources: Resources, gpus: Any, message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        with_gpus(resources, gpus=gpus, gpu_resource=NVIDIA)
    assert str(caught.value).startswith(message)


# Shared memory and volumes


@pytest.mark.parametrize(("gpus", "limit"), [(0, None), (1, None), (2, "2Gi"), (4, "4Gi"), (8, "8Gi")])
def test_shared_memory_grows_with_the_gpus(gpus: int, limit: str | None) -> None:
    assert shared_memory(gpus=gpus, size=None, memory_limit=None) == limit


def test_a_size_of_shared_memory_may_be_chosen_for_one_gpu_too() -> None:
    assert shared_memory(gpus=1, size="512Mi", memory_limit="24Gi") == "512Mi"


def test_shared_memory_must_fit_into_the_memory_limit() -> None:
    with pytest.raises(ConflictError, match=r"shm_size: '8Gi' of shared memory does not fit into .* of '8Gi'"):
        shared_memory(gpus=8, size=None, memory_limit="8Gi")


def test_a_mount_of_the_users_own_takes_the_place_of_ours() -> None:
    mount = {"name": "dshm", "mountPath": f"{SHM}/"}
    assert shared_memory(gpus=8, size=None, memory_limit=None, mounts=[mount]) is None
    assert shared_memory(gpus=8, size="1Gi", memory_limit=None, mounts=[mount]) == "1Gi"


def volumes(**options: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    given_options: dict[str, Any] = {
        "storage": {"emptyDir": {}},
        "mount_path": "/root/.cache",
        "shm": None,
        "home": None,
        "extra": (),
        "extra_mounts": (),
        **options,
    }
    return pod.volumes(**given_options)


def test_volumes_and_mounts_agree() -> None:
    found, mounts = volumes(
        shm="2Gi",
        home="/home/vllm",
        extra=[{"name": "ca", "configMap": {"name": "ca"}}],
        extra_mounts=[{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
    )
    assert found == [
        {"name": "model-storage", "emptyDir": {}},
        {"name": "home", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
        {"name": "ca", "configMap": {"name": "ca"}},
    ]
    assert mounts == [
        {"name": "model-storage", "mountPath": "/root/.cache"},
        {"name": "home", "mountPath": "/home/vllm"},
        {"name": "shm", "mountPath": SHM},
        {"name": "ca", "mountPath": "/etc/ca", "readOnly": True},
    ]


@pytest.mark.parametrize(
    ("extra", "mounts", "message"),
    [
        ([{"name": "model-storage", "emptyDir": {}}], [], "volumes: 'model-storage' is there twice"),
        (
            [],
            [{"name": "modelstorage", "mountPath": "/x"}],
            "volume_mounts: 'modelstorage' is not the name",
        ),
        ([], [{"name": "model-storage", "mountPath": "/root/.cache/"}], "volume_mounts: '/root/.cache' is there twice"),
        ([], [{"name": "model-storage"}], "volume_mounts[0]: has no mountPath, which VolumeMount needs"),
        ([], [{"name": "model-storage", "mountPath": "x"}], "volume_mounts[0].mountPath: 'x' is not an absolute path"),
        ([], [{"name": "model-storage", "mountPath": "/"}], "volume_mounts[0].mountPath: '/' cannot be mounted at"),
        (
            [],
            [{"name": "model-storage", "mountPath": "/a:b"}],
            "volume_mounts[0].mountPath: '/a:b' cannot be mounted at",
        ),
        ([{"emptyDir": {}}], [], "volumes[0]: {'emptyDir': {}} has no name"),
        ([{"name": "Big", "emptyDir": {}}], [], "volumes[0].name: 'Big' is not a DNS label"),
        ({"name": "x"}, [], "volumes: {'name': 'x'} is not a list"),
        (["x"], [], "volumes[0]: 'x' has no name"),
        ([{"name": "x", "emptyDir": {1}}], [], "volumes[0].emptyDir: {1} is not plain data"),
    ],
)
def test_volumes_that_cannot_work_are_refused(extra: Any, mounts: Any, message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        volumes(extra=extra, extra_mounts=mounts)
    assert str(caught.value).startswith(message)


def test_a_misspelt_volume_gets_the_nearest_name() -> None:
    with pytest.raises(InvalidOptionError, match=r"did you mean 'model-storage'\?"):
        volumes(extra_mounts=[{"name": "models-storage", "mountPath": "/x"}])


# The template


def template(**options: Any) -> dict[str, Any]:
    given_options: dict[str, Any] = {
        "labels": {"app": "vllm"},
        "annotations": {},
        "containers": [container()],
        "volumes": [{"name": "model-storage", "emptyDir": {}}],
        "service_account": "llm",
        "image_pull_secrets": [],
        "scheduling": {"nodeSelector": {}, "tolerations": []},
        "security": {"hostPID": None, "securityContext": {}},
        **options,
    }
    return pod.template(**given_options)


def nothings(value: Any, path: str = "") -> Iterator[str]:
    if value is None or value in ({}, []):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from nothings(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nothings(item, f"{path}/{index}")


def test_nothing_empty_is_in_the_template_but_an_empty_dir() -> None:
    assert list(nothings(template())) == ["/spec/volumes/0/emptyDir"]


def test_service_links_and_tokens_are_always_off() -> None:
    spec = template()["spec"]
    assert spec["enableServiceLinks"] is False
    assert spec["automountServiceAccountToken"] is False


def test_an_empty_map_of_the_users_own_keeps_its_meaning() -> None:
    spread: dict[str, Any] = {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"namespaceSelector": {}}]}
    }
    assert template(scheduling={"affinity": spread})["spec"]["affinity"] == spread


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"containers": [container(), {"name": "vllm", "image": "x"}]}, "extra_containers: 'vllm' is there twice"),
        ({"init_containers": [{"name": "vllm", "image": "x"}]}, "init_containers: 'vllm' is there twice"),
        ({"init_containers": [{"image": "busybox"}]}, "init_containers[0]: {'image': 'busybox'} has no name"),
        (
            {
                "init_containers": [
                    {"name": "a", "image": "x", "volumeMounts": [{"name": "model-storge", "mountPath": "/x"}]}
                ]
            },
            "init_containers: 'a' mounts 'model-storge', which is not the name of a volume; there are: model-storage",
        ),
    ],
)
def test_containers_that_cannot_be_in_one_pod_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        template(**options)
    assert str(caught.value).startswith(message)


def test_what_the_builder_is_given_is_left_as_it_was() -> None:
    extra = [{"name": "x", "emptyDir": {}}]
    found, _ = volumes(extra=extra)
    found[-1]["emptyDir"]["medium"] = "Memory"
    assert extra == [{"name": "x", "emptyDir": {}}]


@pytest.mark.parametrize(
    ("name", "hint"), [("gpu", "did you mean 'nvidia.com/gpu'?"), ("memry", "did you mean 'memory'?"), ("gpus", "")]
)
def test_a_resource_that_kubernetes_does_not_know_is_refused(name: str, hint: str) -> None:
    with pytest.raises(InvalidOptionError) as raised:
        Resources(limits={name: 1})
    assert str(raised.value).startswith(f"resources.limits: {name!r} is not a resource; allowed: cpu, memory, ")
    assert raised.value.lines[0].endswith(hint)


@pytest.mark.parametrize("name", ["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "nvidia.com/mig-3g.40gb"])
def test_resources_of_kubernetes_and_of_devices_are_taken(name: str) -> None:
    amounts = {"cpu": 1, name: 1 if "/" in name or name == "cpu" else "8Mi"}
    assert Resources(limits=amounts).wire() == {"limits": amounts}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requests": {"amd.com/gpu": 2}}, "resources.requests['amd.com/gpu']: has no limit of the same amount"),
        (
            {"requests": {"amd.com/gpu": 1}, "limits": {"amd.com/gpu": 2}},
            "resources.requests['amd.com/gpu']: 1 is not the limit of 2; Kubernetes wants them equal",
        ),
        (
            {"requests": {"hugepages-2Mi": "2Mi"}, "limits": {"hugepages-2Mi": "4Mi", "cpu": 1}},
            "resources.requests['hugepages-2Mi']: '2Mi' is not the limit of '4Mi'",
        ),
        ({"limits": {"hugepages-2Mi": "4Mi"}}, "resources: huge pages need cpu or memory beside them"),
    ],
)
def test_devices_and_huge_pages_that_the_api_server_refuses_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidOptionError, ConflictError)) as caught:
        Resources(**options).wire()
    assert str(caught.value).startswith(message)
