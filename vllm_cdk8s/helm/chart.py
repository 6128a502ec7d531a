"""VllmChart: the Helm chart's values as a cdk8s chart, made of the same constructs that everybody else uses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import cdk8s

from vllm_cdk8s.constructs.apps import whole
from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
from vllm_cdk8s.constructs.monitoring import ServiceMonitor
from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import collecting, give
from vllm_cdk8s.helm.loading import load_values
from vllm_cdk8s.helm.release_plan import in_values, plan_release
from vllm_cdk8s.helm.speaking import Speaker
from vllm_cdk8s.helm.surroundings import wants_monitor
from vllm_cdk8s.helm.validation import check_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from vllm_cdk8s.core.errors import Problem
    from vllm_cdk8s.helm.release_parts import ReleaseParts


@whole
class VllmChart(cdk8s.Chart):
    """One release of the Helm chart's values: ``VllmChart(app, "my-vllm", values={"vllm": {"model": ...}})``.

    It is a `VllmServer` with its `ModelStorage`, probes and, if asked for, `DropCacheWrapper`; names, labels and claim
    are those that the Helm chart gives to a release of this name.

    Args:
        scope: the app, or another parent construct.
        id: the construct's ID, and the release's name where ``release`` is not given.
        values: the values as plain data, or the path of a values file; None takes all defaults.
        release: the release's name.
        namespace: the namespace of the chart's objects; None leaves it to whoever applies them.

    Attributes:
        values: the values, defaults included.
        release: the names of the release and its objects.
        server: the server.

    Raises:
        ValuesError: values that the chart does not know or cannot use, each by its path; nothing is left in the tree.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        values: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        release: str | None = None,
        namespace: str | None = None,
    ) -> None:
        if isinstance(values, (str, os.PathLike)):
            values = load_values(values)
        self.values = check_values({} if values is None else values)
        plan = plan_release(id if release is None else release, self.values, namespace=namespace)
        self.release = plan.parts.release
        super().__init__(scope, id, namespace=namespace)
        # What the constructs have to say, the plan has said in terms of values.
        said_in_python: list[Problem] = []
        with collecting(said_in_python), in_values(Speaker(self.values)):
            self.server = self._server(plan.parts)
            if wants_monitor(self.values):
                monitor = self.values.monitoring.service_monitor
                ServiceMonitor(
                    self, "monitor", server=self.server, name=self.release.fullname, interval=monitor.interval,
                    scrape_timeout=monitor.scrape_timeout, labels=monitor.labels, tls_config=monitor.tls_config or None,
                )  # fmt: skip
        for warning in plan.warnings:
            give(warning)

    def _server(self, parts: ReleaseParts) -> VllmServer:
        storage, probes = self._storage(parts), self._probes(parts)
        account = None if parts.account is None else put(self, "account", parts.account)
        options = dict(parts.options)
        if options.pop("drop_cache", False):
            options["drop_cache"] = DropCacheWrapper(self, "drop-cache")
        if account is not None:
            options["service_account"] = account
        if parts.scaling is not None:
            options["autoscaling"] = parts.scaling
        return VllmServer(self, "server", model=parts.model, storage=storage, probes=probes, **options)

    def _storage(self, parts: ReleaseParts) -> ModelStorage:
        persistence, storage = self.values.persistence, parts.storage
        if storage.claim_name is None:
            return ModelStorage.none(self, "models")
        if parts.claim is None:
            return ModelStorage.from_claim(self, "models", storage.claim_name)
        return ModelStorage(
            self, "models", name=storage.claim_name, size=str(persistence.size),
            storage_class=persistence.storage_class or None, access_mode=persistence.access_mode,
            labels=parts.claim.labels, annotations=parts.claim.annotations,
        )  # fmt: skip

    def _probes(self, parts: ReleaseParts) -> SlowStartProbes | ManualProbes:
        if parts.probes is None:
            return SlowStartProbes(self, "probes", max_startup_seconds=self.values.slow_start.max_startup_seconds)
        return ManualProbes(self, "probes", **parts.probes)
