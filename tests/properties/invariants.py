"""What holds of every set of manifests that this package writes, whatever was said of it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tests.kubernetes_schemas import assert_valid, since

Wire = Mapping[str, Any]

# Labels that controllers put on pods; a Service may select by them.
BY_CONTROLLERS = {"leaderworkerset.sigs.k8s.io/worker-index", "ray.io/node-type", "ray.io/cluster"}
# Whatever Kubernetes' reader would take for the end of a line, or YAML for nothing at all.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
SECRET_VARIABLES = {"HF_TOKEN", "VLLM_API_KEY"}


def assert_sound(
    documents: Sequence[Wire], *, external_claims: Collection[str] = (), minors: Sequence[str] | None = None
) -> None:
    """Fail unless all of it can stand on a cluster together: `external_claims` are there already."""
    assert_valid(documents, minors or (since()[0], since()[-1]))
    templates = [(document, template) for document in documents for template in pod_templates(document)]
    declared = {
        (document["metadata"].get("namespace"), document["metadata"]["name"])
        for document in documents
        if document["kind"] == "PersistentVolumeClaim"
    }
    for document, template in templates:
        spec, namespace = template["spec"], document["metadata"].get("namespace")
        assert_pod_is_sound(spec)
        for claim in claims(spec):
            assert claim in external_claims or (namespace, claim) in declared, f"no claim {claim!r}"
    for document in documents:
        assert_selectors_select(document, templates)
        for text in texts(document):
            assert CONTROL.search(text) is None, text


def pod_templates(value: Any) -> Iterator[Wire]:
    """Every pod template in a document, whatever object makes pods of it."""
    if isinstance(value, Mapping):
        spec = value.get("spec")
        if isinstance(spec, Mapping) and "containers" in spec:
            yield value
        for child in value.values():
            yield from pod_templates(child)
    elif isinstance(value, list):
        for child in value:
            yield from pod_templates(child)


def claims(spec: Wire) -> Iterator[str]:
    for volume in spec.get("volumes", ()):
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def assert_pod_is_sound(spec: Wire) -> None:
    """Names are unique, mounts have volumes, probes ask ports that are there, secrets are references."""
    containers = [*spec.get("initContainers", ()), *spec["containers"]]
    names = [container["name"] for container in containers]
    assert len(set(names)) == len(names), names
    volumes = [volume["name"] for volume in spec.get("volumes", ())]
    assert len(set(volumes)) == len(volumes), volumes
    devices = {claim["name"] for claim in spec.get("resourceClaims", ())}
    listening = [
        (port["containerPort"], port.get("protocol", "TCP"))
        for container in spec["containers"]
        for port in container.get("ports", ())
    ]
    assert len(set(listening)) == len(listening), listening
    for container in containers:
        mounts = container.get("volumeMounts", ())
        assert {mount["name"] for mount in mounts} <= set(volumes)
        paths = [mount["mountPath"].rstrip("/") for mount in mounts]
        assert len(set(paths)) == len(paths), paths
        ports = container.get("ports", ())
        asked = {port.get("name") for port in ports} | {port["containerPort"] for port in ports}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container.get(kind, {})
            for way in ("httpGet", "tcpSocket"):
                if way in probe:
                    assert probe[way]["port"] in asked, (kind, probe, ports)
        variables = container.get("env", ())
        told = [variable["name"] for variable in variables]
        assert len(set(told)) == len(told), told
        for variable in variables:
            if variable["name"] in SECRET_VARIABLES:
                assert "secretKeyRef" in variable["valueFrom"]
        resources = container.get("resources", {})
        assert {claim["name"] for claim in resources.get("claims", ())} <= devices


def assert_selectors_select(document: Wire, templates: Sequence[tuple[Wire, Wire]]) -> None:
    """A Service's selector finds the pods of one object and of no other; an object's own finds what it makes."""
    selector = document.get("spec", {}).get("selector")
    if document["kind"] == "Service" and selector:
        said = {key: value for key, value in selector.items() if key not in BY_CONTROLLERS}
        namespace = document["metadata"].get("namespace")
        found = {
            owner["metadata"]["name"]
            for owner, template in templates
            if owner["metadata"].get("namespace") == namespace
            and said.items() <= template.get("metadata", {}).get("labels", {}).items()
        }
        assert len(found) == 1, (document["metadata"]["name"], found)
    elif document["kind"] == "Deployment":
        labels = document["spec"]["template"]["metadata"]["labels"]
        assert document["spec"]["selector"]["matchLabels"].items() <= labels.items()
