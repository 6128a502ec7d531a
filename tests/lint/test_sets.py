"""What only a whole set shows."""

from pathlib import Path
from typing import Any

import pytest

from tests.lint.manifests import CLAIM, GOOD, SERVICE, changed, codes, run
from vllm_cdk8s.lint import records
from vllm_cdk8s.lint.checking import check
from vllm_cdk8s.lint.finding import Options
from vllm_cdk8s.lint.records import covers


def service(**changes: Any) -> dict[str, Any]:
    return changed(SERVICE, **changes)


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("VC601", service(spec__selector={"app": "other"})),
        ("VC601", service(top__metadata={"name": "llm", "namespace": "default"})),
        ("VC602", service(spec__ports=[{"port": 80, "targetPort": 8080}])),
        ("VC602", service(spec__ports=[{"port": 80, "targetPort": "web"}])),
        ("VC502", service(spec__type="LoadBalancer")),
        (
            "VC601",
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "llm", "namespace": "ai"},
                "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "vllm"}}},
            },
        ),
        (
            "VC604",
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "llm", "namespace": "ai"},
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "llm"},
                    "maxReplicas": 1,
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}],
                },
            },
        ),
        (
            "VC603",
            {
                "apiVersion": "keda.sh/v1alpha1",
                "kind": "ScaledObject",
                "metadata": {"name": "llm", "namespace": "ai"},
                "spec": {
                    "scaleTargetRef": {"name": "llm"},
                    "minReplicaCount": 1,
                    "maxReplicaCount": 1,
                    "triggers": [{"type": "prometheus", "metadata": {"query": "avg(vllm:gpu_cache_usage_perc)"}}],
                },
            },
        ),
        (
            "VC603",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "dashboard"},
                "data": {"d.json": '{"expr": "rate(vllm:num_request_waiting[5m])"}'},
            },
        ),
    ],
)
def test_a_set_breaks_one_rule(tmp_path: Path, code: str, other: dict[str, Any]) -> None:
    documents = [GOOD, CLAIM, other]
    assert codes(run(tmp_path, *documents)) == [code]


def test_ray_in_the_same_container_has_ports_of_its_own(tmp_path: Path) -> None:
    script = "ray start --head && vllm serve Qwen/Qwen2.5-7B-Instruct"
    head = changed(container__command=["sh", "-c"], container__args=[script])
    dashboard = service(spec__ports=[{"name": "dashboard", "port": 8265}])
    assert run(tmp_path, head, CLAIM, dashboard) == []
    assert codes(run(tmp_path, GOOD, CLAIM, dashboard)) == ["VC602"]


def test_a_router_beside_a_server_may_be_described_elsewhere(tmp_path: Path) -> None:
    router = service(top__metadata={"name": "llm-router", "namespace": "ai"}, spec__selector={"app": "llm-router"})
    assert run(tmp_path, GOOD, CLAIM, router) == []


def test_a_router_that_exports_metrics_of_its_own_is_left_alone(tmp_path: Path) -> None:
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "r"},
        "spec": {
            "groups": [
                {
                    "name": "g",
                    "rules": [
                        {"record": "vllm:my_rate", "expr": "rate(vllm:generation_tokens_total[5m])"},
                        {
                            "alert": "A",
                            "expr": "vllm:my_rate + vllm:current_qps + vllm:kv_cache_usage_perc > 1",
                            "annotations": {"summary": "was vllm:gpu_cache_usage_perc"},
                        },
                    ],
                }
            ]
        },
    }
    assert run(tmp_path, GOOD, CLAIM, rule) == []


def test_metrics_of_an_unknown_release_are_not_judged_unless_told(tmp_path: Path) -> None:
    query = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "x"},
        "spec": {
            "minReplicaCount": 1,
            "triggers": [{"type": "prometheus", "metadata": {"query": "vllm:gpu_cache_usage_perc"}}],
        },
    }
    custom = changed(container__image="registry.example/llm:prod")
    assert run(tmp_path, custom, query) == []
    assert codes(run(tmp_path, custom, query, options=Options(vllm="0.20.2"))) == ["VC603"]
    assert run(tmp_path, custom, query, options=Options(vllm="0.10.2")) == []


def test_a_service_named_vllm_injects_an_address(tmp_path: Path) -> None:
    named = service(top__metadata={"name": "vllm", "namespace": "ai"})
    linked = changed(pod__enableServiceLinks=None)
    assert codes(run(tmp_path, linked, CLAIM, named)) == ["VC109"]
    assert run(tmp_path, GOOD, CLAIM, named) == []
    assert (
        run(tmp_path, linked, CLAIM, service(top__metadata={"name": "vllm", "namespace": "ai"}, spec__clusterIP="None"))
        == []
    )


def test_claims(tmp_path: Path) -> None:
    small = changed(CLAIM, spec__resources={"requests": {"storage": "10Gi"}})
    assert codes(run(tmp_path, GOOD, small)) == ["VC301"]
    two = run(tmp_path, changed(spec__replicas=2), CLAIM)
    assert [(f.rule, f.severity) for f in two] == [("VC302", "warning")]
    pod = changed(CLAIM, spec__accessModes=["ReadWriteOncePod"])
    assert [(f.rule, f.severity) for f in run(tmp_path, changed(spec__replicas=2), pod)] == [("VC302", "error")]
    many = changed(CLAIM, spec__accessModes=["ReadWriteMany"])
    assert run(tmp_path, changed(spec__replicas=2), many) == []


def test_a_device_claim_for_two_gpus_is_two_gpus(tmp_path: Path) -> None:
    claimed = changed(
        container__resources={"claims": [{"name": "gpus"}]},
        container__args=["Qwen/Qwen2.5-7B-Instruct", "--tensor-parallel-size=4"],
        pod__resourceClaims=[{"name": "gpus", "resourceClaimTemplateName": "two"}],
    )
    template = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": "two", "namespace": "ai"},
        "spec": {"spec": {"devices": {"requests": [{"name": "g", "exactly": {"deviceClassName": "gpu", "count": 2}}]}}},
    }
    assert codes(run(tmp_path, template, claimed, CLAIM)) == ["VC201", "VC204"]


def test_monitors(tmp_path: Path) -> None:
    monitor = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {"selector": {"matchLabels": {"app": "llm"}}, "endpoints": [{"port": "metrics"}]},
    }
    found = run(tmp_path, GOOD, CLAIM, SERVICE, monitor)
    assert [(f.rule, f.object) for f in found] == [("VC602", "ServiceMonitor/llm")]
    unlabelled = service(top__metadata={"name": "llm", "namespace": "ai"})
    assert codes(run(tmp_path, GOOD, CLAIM, unlabelled, monitor)) == ["VC601"]


def test_a_service_that_selects_the_workers_too(tmp_path: Path) -> None:
    pod = GOOD["spec"]["template"]
    group = {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {
            "leaderWorkerTemplate": {
                "size": 2,
                "leaderTemplate": pod,
                "workerTemplate": {
                    "metadata": {"labels": {"app": "llm"}},
                    "spec": {
                        "containers": [
                            {"name": "w", "image": "vllm/vllm-openai:v0.20.2", "command": ["sh", "-c", "ray start"]}
                        ]
                    },
                },
            }
        },
    }
    assert codes(run(tmp_path, group, SERVICE)) == ["VC601"]
    leaders = service(spec__selector={"app": "llm", "leaderworkerset.sigs.k8s.io/worker-index": "0"})
    assert run(tmp_path, group, leaders) == []


def test_files_elsewhere_are_other_ways_to_do_the_same(tmp_path: Path) -> None:
    import yaml  # noqa: PLC0415

    for name, document in (("a", GOOD), ("b", service(spec__ports=[{"port": 80, "targetPort": 9000}]))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert check([str(tmp_path)]).findings == []
    (tmp_path / "a" / "y.yaml").write_text((tmp_path / "b" / "x.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert codes(check([str(tmp_path)]).findings) == ["VC602"]


def scaler(kind: str = "HorizontalPodAutoscaler", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2" if kind == "HorizontalPodAutoscaler" else "keda.sh/v1alpha1",
        "kind": kind,
        "metadata": {"name": "llm", "namespace": "ai"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "llm"}, **spec},
    }


@pytest.mark.parametrize(
    "most", [scaler(maxReplicas=4), scaler("ScaledObject", maxReplicaCount=2), scaler("ScaledObject")]
)
def test_an_autoscaler_makes_pods_that_need_the_claim_and_a_drain(tmp_path: Path, most: dict[str, Any]) -> None:
    undrained = changed(container__lifecycle=None)
    assert codes(run(tmp_path, undrained, CLAIM, SERVICE)) == []
    found = run(tmp_path, undrained, CLAIM, SERVICE, most)
    assert codes(found) == ["VC302", "VC406"]
    assert {one.object for one in found} == {"Deployment/llm"}
    # One of another name, or that never makes a second pod, says nothing of this server.
    other = {**most, "spec": {**most["spec"], "scaleTargetRef": {"name": "other"}}}
    assert codes(run(tmp_path, undrained, CLAIM, SERVICE, other)) == []
    one = scaler(maxReplicas=1)
    assert codes(run(tmp_path, undrained, CLAIM, SERVICE, one)) == []


def test_a_thousand_servers_are_not_compared_with_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = 60
    documents = []
    for number in range(servers):
        labels = {"app": f"llm-{number}"}
        documents.append(changed(spec__selector={"matchLabels": labels}, spec__template__metadata={"labels": labels}))
        documents.append(service(spec__selector=labels))
        for document in documents[-2:]:
            document["metadata"] = {"name": f"llm-{number}", "namespace": "ai"}
    compared = 0

    def counted(selector: Any, record: Any) -> bool:
        nonlocal compared
        compared += 1
        return covers(selector, record)

    monkeypatch.setattr(records, "covers", counted)
    assert run(tmp_path, *documents) == []
    assert compared < 10 * servers
