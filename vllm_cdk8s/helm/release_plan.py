"""The plan of a release: from the chart's values to its objects, in pure Python.

The command line prints it; `VllmChart` puts the same into a tree.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from vllm_cdk8s.core.errors import Collector, InvalidOptionError, Problem, VllmCdk8sError, collecting, unacknowledged
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.manifest import Manifest
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.pod.health import manual, slow_start
from vllm_cdk8s.core.rules.book import NO_GPU
from vllm_cdk8s.core.server.deployment import DeploymentShape
from vllm_cdk8s.core.server.identity import INSTANCE_LABEL, NAME_LABEL
from vllm_cdk8s.core.server.plan import ServerInput, plan_server
from vllm_cdk8s.core.server.service import service_account
from vllm_cdk8s.core.storage.claims import access_mode, claim
from vllm_cdk8s.core.storage.storage import Storage
from vllm_cdk8s.helm.devices import has_part_of_gpu
from vllm_cdk8s.helm.health_values import check_budget, manual_probes
from vllm_cdk8s.helm.inspecting import inspected
from vllm_cdk8s.helm.problems import ValuesError
from vllm_cdk8s.helm.release import Release, name_release
from vllm_cdk8s.helm.release_parts import ReleaseParts
from vllm_cdk8s.helm.server_options import gpu_resource, server_options
from vllm_cdk8s.helm.speaking import Speaker
from vllm_cdk8s.helm.surroundings import autoscaling, ingress_of, surrounding_objects
from vllm_cdk8s.helm.unused import warn_of_release, warn_of_unused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vllm_cdk8s.core.pod.health import Health, HttpProbe
    from vllm_cdk8s.core.server.plan import ServerPlan
    from vllm_cdk8s.helm.model import Values


class ReleasePlan(Struct, frozen=True, kw_only=True):
    """A release, checked and settled.

    Attributes:
        parts: what its values ask for.
        server: its server.
        warnings: what is unwise about it, in terms of values.
        surrounding: the objects around the server, in the order in which they are written.
    """

    parts: ReleaseParts
    server: ServerPlan
    warnings: tuple[Problem, ...]
    surrounding: tuple[Manifest, ...]

    def manifests(self) -> list[Manifest]:
        """The release's objects, in the order in which they are written."""
        before = [manifest for manifest in (self.parts.claim, self.parts.account) if manifest is not None]
        return [*before, *self.server.manifests(), *self.surrounding]


def plan_release(
    name: str, values: Values, *, namespace: str | None = None, gpu: str | None = None, sets: bool = False
) -> ReleasePlan:
    """The plan of a release of this name.

    Args:
        name: the release's name.
        values: its values.
        namespace: the namespace of its objects.
        gpu: which GPUs, where the values do not say.
        sets: whether what is advised is said as a ``--set`` of the command line.

    Raises:
        ValuesError: values that cannot work, each by its path.
    """
    speaker = Speaker(values, gpu_resource=gpu_resource(values), sets=sets)
    advice: list[Problem] = []
    with collecting(advice):
        with Collector() as found:
            parts = release_parts(name, values, speaker, found, namespace=namespace)
            if gpu is not None:
                parts.options["gpu"] = gpu
            server = found.need(in_values(speaker)(_server), parts, namespace)
        with in_values(speaker):
            warn_of_release(values, server.engine)
            surrounding = tuple(surrounding_objects(values, parts, server))
    seen = list(inspected(server, slow_start=parts.probes is None))
    if any(problem.severity == "error" for problem in seen):
        raise ValuesError(problems=[problem for problem in seen if problem.severity == "error"])
    said = [
        problem for problem in (*advice, *server.warnings) if problem.rule is not NO_GPU or not has_part_of_gpu(values)
    ]
    warnings = [*map(speaker.problem, said), *seen]
    return ReleasePlan(
        parts=parts,
        server=server,
        warnings=tuple(unacknowledged(dict.fromkeys(warnings), values.acknowledge)),
        surrounding=surrounding,
    )


@contextmanager
def in_values(speaker: Speaker) -> Iterator[None]:
    """Have problems name values."""
    try:
        yield
    except VllmCdk8sError as error:
        raise speaker.error(error) from error


def release_parts(
    name: str, values: Values, speaker: Speaker, found: Collector, *, namespace: str | None = None
) -> ReleaseParts:
    """What the values ask for, each part checked; what is wrong with one is noted, and the part left out.

    Raises:
        ValuesError: a part is wrong that all the others have to do with.
    """

    def attempt(make: Callable[..., Any], *arguments: Any) -> Any:
        return found.attempt(in_values(speaker)(make), *arguments)

    attempt(warn_of_unused, values)
    release = in_values(speaker)(name_release)(name, values)
    options = server_options(values, release, attempt)
    labels = {NAME_LABEL: release.app_name, INSTANCE_LABEL: release.instance}
    stored = attempt(_storage, values, release, labels, namespace) or (_THROW_AWAY, None)
    probed = attempt(_health, values) or (None, slow_start(values.slow_start.max_startup_seconds))
    scaling, ingress = attempt(autoscaling, values), attempt(ingress_of, values)
    account = attempt(_account, values, release, labels)
    if ingress is not None:
        options["ingress"] = ingress
    if account is not None:
        options["service_account"] = account.name
    elif not values.service_account.create:
        options["service_account"] = release.service_account
    return ReleaseParts(
        release=release, options=options, model=values.vllm.model, storage=stored[0], claim=stored[1],
        health=probed[1], probes=probed[0], account=account, scaling=scaling, ingress=ingress,
        own_sizes="size" in values.persistence.said,
    )  # fmt: skip


def _health(values: Values) -> tuple[dict[str, HttpProbe | None] | None, Health]:
    probes = manual_probes(values)
    health = slow_start(values.slow_start.max_startup_seconds) if probes is None else manual(**probes)
    check_budget(values, health)
    return probes, health


def _server(parts: ReleaseParts, namespace: str | None) -> ServerPlan:
    scaling, options = parts.scaling, parts.options
    shape = DeploymentShape(
        replicas=options.get("replicas", 1),
        autoscaled=scaling is not None,
        max_surge=options.get("max_surge"),
        max_unavailable=options.get("max_unavailable"),
    )
    said = ServerInput(
        model=parts.model,
        said=options,
        shape=shape,
        names=fixed_names(parts.release.fullname),
        path=lambda: parts.release.fullname,
        namespace=namespace,
        storage=parts.storage,
        health=parts.health,
        fits_model=False,
        own_sizes=parts.own_sizes,
        min_replicas=None if scaling is None else scaling.min_replicas,
        max_replicas=None if scaling is None else scaling.max_replicas,
    )
    return plan_server(said)


_THROW_AWAY = Storage(volume={"emptyDir": {}}, kept=False, fresh=True)


def _storage(
    values: Values, release: Release, labels: Mapping[str, str], namespace: str | None
) -> tuple[Storage, Manifest | None]:
    persistence = values.persistence
    if not persistence.enabled:
        return _THROW_AWAY, None
    if persistence.existing_claim:
        checks.dns_subdomain("claim", persistence.existing_claim)
        return Storage.of_claim(persistence.existing_claim), None
    name, size, mode = str(release.claim), str(persistence.size), access_mode(persistence.access_mode)
    if mode == "ReadOnlyMany":
        raise InvalidOptionError(
            f"{mode!r} makes a new claim that nothing can be downloaded to; allowed: ReadWriteOnce, ReadWriteMany, "
            "ReadWriteOncePod",
            option="access_mode",
        )
    annotations = checks.annotation_map("persistence.annotations", persistence.annotations)
    made = claim(
        checks.dns_subdomain("name", name), size=size, mode=mode, storage_class=persistence.storage_class or None,
        labels=labels, annotations=annotations,
    )  # fmt: skip
    return Storage.of_claim(name, access_mode=mode, size=size, fresh=True, namespace=namespace), made


def _account(values: Values, release: Release, labels: Mapping[str, str]) -> Manifest | None:
    """None where the server makes its own, or somebody else has: the usual case."""
    account = values.service_account
    checks.dns_subdomain("service_account", release.service_account)
    if not account.create or (not account.name and not account.annotations):
        return None
    made = service_account(release.service_account, labels=labels)
    annotations = checks.annotation_map("serviceAccount.annotations", account.annotations)
    return Manifest(
        api_version=made.api_version, kind=made.kind, name=made.name, labels=labels, annotations=annotations,
        body=made.body,
    )  # fmt: skip
