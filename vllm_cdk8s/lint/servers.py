"""The vLLM servers of an object, as the facts that rules look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.devices import built_for, floats
from vllm_cdk8s.core.engine.images import own
from vllm_cdk8s.core.engine.version import EngineVersion, said_version
from vllm_cdk8s.core.errors import Problem, VllmCdk8sError
from vllm_cdk8s.core.inspection.facts import EngineFacts, ServerFacts
from vllm_cdk8s.core.kube.placeholders import is_placeholder
from vllm_cdk8s.core.models.accelerators import accelerator, accelerator_of_labels, mig_profile, partition
from vllm_cdk8s.core.models.facts import known_model
from vllm_cdk8s.core.models.vendors import counts_devices
from vllm_cdk8s.core.rules import book
from vllm_cdk8s.lint.arguments import Settings, settings_of
from vllm_cdk8s.lint.commands import server_command
from vllm_cdk8s.lint.pods import EVERYTHING, PodTemplate, containers_of, mapping, pod_templates, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vllm_cdk8s.core.models.accelerators import Accelerator
    from vllm_cdk8s.lint.commands import ServerCommand
    from vllm_cdk8s.lint.documents import Document
    from vllm_cdk8s.lint.finding import Options

_TOLD_BY_NAME = ("public.ecr.aws/q9t5s3a7/", "rocm/vllm", "docker.io/rocm/vllm")


class Server(Struct, frozen=True, kw_only=True):
    """One container that runs vLLM.

    Attributes:
        facts: what is known of it.
        template: the pod template that it is in.
        settings: its words, with their places.
        command: how it starts.
        version_sure: whether the release is known: by the image's tag, by its user, or as the newest.
    """

    facts: ServerFacts
    template: PodTemplate
    settings: Settings
    command: ServerCommand
    version_sure: bool
    more: list[Problem] = field(default_factory=list)

    def place_of(self, problem: Problem) -> tuple[tuple[str | int, ...], int]:
        """The path of what a problem speaks of, and the line of a script."""
        if problem.at:
            return problem.at, 0
        for name, label in self.settings.labels.items():
            if problem.option in (label, name):
                path, line = self.settings.places[name]
                return (*self.facts.container_path, *path), line
        return self.facts.container_path, 0


def servers_of(document: Document, options: Options) -> Iterator[tuple[PodTemplate, list[Server]]]:
    """The pod templates of an object, each with the servers in it."""
    for template in pod_templates(document):
        spec = mapping(template.template.get("spec"))
        found = []
        containers = containers_of(spec)
        # A patch names what it changes and leaves out the rest.
        if _is_patch(document, spec):
            continue
        for path, container in containers:
            command = server_command(container)
            if command is not None:
                found.append(_server(document, template, path, container, command, options))
        yield template, found


def _is_patch(document: Document, spec: Mapping[str, Any]) -> bool:
    if document.kind in {"Deployment", "StatefulSet"} and "selector" not in mapping(document.data.get("spec")):
        return True
    named = [item for _, item in containers_of(spec)]
    return not any(item.get("image") or "modelFormat" in item for item in named)


def _server(
    document: Document,
    template: PodTemplate,
    path: tuple[str | int, ...],
    container: Mapping[str, Any],
    command: ServerCommand,
    options: Options,
) -> Server:
    image = str(container.get("image") or "")
    version, sure = _version(image, options)
    settings = settings_of(command, version, sure=sure)
    spec = mapping(template.template.get("spec"))
    gpus, resource = _gpus(container)
    env = {str(item.get("name")) for item in container.get("env") or () if isinstance(item, dict)}
    model = settings.model
    if model is not None and (is_placeholder(model) or model.startswith("$")):
        model = None
    facts = ServerFacts(
        engine=EngineFacts(
            model=model,
            version=version,
            settings=settings.values,
            said=frozenset(settings.said),
            labels=settings.labels,
            complete=settings.complete and template.supplied < EVERYTHING and not container.get("envFrom"),
        ),
        template={**template.template, "spec": spec},
        container=container,
        workload=document.data,
        nodes=template.nodes,
        max_replicas=template.replicas,
        gpus=gpus,
        gpu_resource=resource,
        guarded="api_key" in settings.said or "VLLM_API_KEY" in env,
        supplied=template.supplied,
        accelerator=_accelerator(spec, resource, options),
        model=None if model is None else known_model(model),
        pod_at=template.path,
        container_at=path,
        genuine=own(image) or built_for(image) is not None,
    )
    more = []
    installs = command.installs
    if installs is not None:
        more.append(
            Problem(
                what=f"{installs!r} runs at each start of the container",
                rule=book.INSTALLS_AT_START,
                severity="warning",
                at=(*facts.container_path, *command.script_path),
            )
        )
    return Server(facts=facts, template=template, settings=settings, command=command, version_sure=sure, more=more)


def _version(image: str, options: Options) -> tuple[EngineVersion, bool]:
    said = None
    if own(image) or image.startswith(_TOLD_BY_NAME):
        try:
            said = said_version(image, None)
        except VllmCdk8sError:
            said = None
    if said is None and not (own(image) and floats(image)) and options.vllm is not None:
        said = options.vllm
    known = said is not None and catalogue.release(said).name == said
    return EngineVersion(name=said, known=known), said is not None or (own(image) and floats(image))


def _accelerator(spec: Mapping[str, Any], resource: str, options: Options) -> Accelerator | None:
    """The kind of GPU that the node selector asks for, else the one that the user of the check says."""
    labels = {str(key): str(value) for key, value in mapping(spec.get("nodeSelector")).items()}
    try:
        found = accelerator_of_labels(labels) if labels else None
        if found is None and options.gpu is not None:
            found = accelerator(options.gpu)
        profile = mig_profile(resource)
        return partition(found, profile) if found is not None and profile is not None else found
    except VllmCdk8sError:
        return None


def _gpus(container: Mapping[str, Any]) -> tuple[int | None, str]:
    limits = mapping(mapping(container.get("resources")).get("limits"))
    requests = mapping(mapping(container.get("resources")).get("requests"))
    for name, value in (*limits.items(), *requests.items()):
        # Shares of one GPU are counted in units of their own.
        if counts_devices(str(name)):
            return whole(value), name
    return None, "nvidia.com/gpu"
