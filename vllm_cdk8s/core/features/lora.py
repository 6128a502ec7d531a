"""LoRA adapters: a list that is loaded at start-up, and a folder in which vLLM looks for those that requests name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from vllm_cdk8s.core.engine.adapters import RUNTIME_ADAPTERS
from vllm_cdk8s.core.errors import Collector, ConflictError, InvalidOptionError, warn
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.wire import sequence
from vllm_cdk8s.core.pod.template import STORAGE_VOLUME
from vllm_cdk8s.core.regex import regex
from vllm_cdk8s.core.rules.book import OPEN_ADAPTERS
from vllm_cdk8s.core.server.contribution import Contribution
from vllm_cdk8s.core.showing import shown

if TYPE_CHECKING:
    from vllm_cdk8s.core.pod.options import KubernetesObject
    from vllm_cdk8s.core.server.contribution import Target

_VOLUME = "lora-adapters"
_RESOLVER, _HUB_RESOLVER = "lora_filesystem_resolver", "lora_hf_hub_resolver"
_HUB_SINCE = "0.16.0"
_REPOSITORY = regex(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class LoraAdapter:
    """One adapter: ``LoraAdapter(name="sql", path="/adapters/sql")``.

    Args:
        name: the name by which requests ask for it, as their ``model``.
        path: its folder in the container, or a repository of the Hugging Face hub such as ``org/name``.
        base_model: the name that ``/v1/models`` gives as its parent; None gives the server's model.

    Raises:
        InvalidOptionError: the name is empty, or the path is neither of the two.
    """

    name: str
    path: str
    base_model: str | None = None

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            name = found.attempt(checks.text, "lora.name", self.name)
            if name is not None and name.startswith("-"):
                what = f"{self.name!r} begins with '-', so vLLM would read it as an option"
                found.note(InvalidOptionError(what, option="lora.name"))
            found.attempt(_check_adapter_path, f"lora.adapters[{self.name!r}]", self.path)
            found.given(checks.text, "lora.base_model", self.base_model)

    def argument(self) -> str:
        """The adapter as an item of ``--lora-modules``: ``name=path``, or JSON where that would be misread."""
        if self.base_model is None and not any(mark in self.name + self.path for mark in "=,{"):
            return f"{self.name}={self.path}"
        item = {"name": self.name, "path": self.path}
        if self.base_model is not None:
            item["base_model_name"] = self.base_model
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def _check_adapter_path(option: str, value: object) -> None:
    path = checks.text(option, value)
    if path.startswith("/"):
        checks.absolute_path(option, path)
    elif path.count("/") != 1 or path.startswith((".", "~", "-")) or "//" in path:
        raise InvalidOptionError(
            f"{path!r} is neither; allowed: an absolute path in the container, or a repository such as 'org/name'",
            option=option,
        )


@named_keywords
@dataclass(frozen=True, kw_only=True, slots=True)
class LoraAdapters:
    """The LoRA adapters of a server: ``lora=LoraAdapters(adapters={"sql": "org/sql-adapter"})``.

    Their number in one batch, their rank and so on are vLLM's own settings: ``engine_args={"max_loras": 4,
    "max_lora_rank": 64}``. vLLM's defaults are one adapter in a batch and a rank of up to 16.

    With ``resolve_at_runtime`` a request for an adapter that is not loaded makes vLLM look for a folder of that name
    below ``mount_path`` (its file ``adapter_config.json`` must name the server's model), so that adapters come and go
    without a restart. The same switch of vLLM's opens ``/v1/load_lora_adapter`` and ``/v1/unload_lora_adapter``, which
    let whoever may use the server load any adapter from anywhere, and from 0.11.1 ``/adapters``, which does the same
    and asks for no API key: give the server a key and a NetworkPolicy, and let nothing but ``/v1`` through to it.
    Source: https://docs.vllm.ai/en/latest/features/lora.html

    Args:
        adapters: those loaded at start-up: names to paths, or a list of `LoraAdapter`.
        claim: a claim with adapters, by name or as any kplus claim, mounted read-only at ``mount_path``. None with
            ``resolve_at_runtime`` mounts the folder ``lora-adapters`` of the server's own storage there, made if need
            be; None without it mounts nothing.
        mount_path: the folder in the container.
        resolve_at_runtime: look for adapters that requests name; vLLM 0.10.0 and later.
        hub_repositories: repositories of the Hugging Face hub in which they are looked for too, with
            ``resolve_at_runtime``: a request for ``org/adapters/sql`` loads the folder ``sql`` of ``org/adapters``.
            vLLM 0.16 and later. vLLM then loads these two plugins alone (``VLLM_PLUGINS``), unless ``env`` names more.

    Raises:
        InvalidOptionError: an adapter's name or path is not valid, or nothing is asked for.
        ConflictError: two adapters have the same name.
    """

    OPTION: ClassVar[str] = "lora"

    adapters: Mapping[str, str] | Sequence[LoraAdapter] = ()
    claim: str | KubernetesObject | None = None
    mount_path: str = "/adapters"
    resolve_at_runtime: bool = False
    hub_repositories: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.plain_fields(self)
        with Collector() as found:
            found.attempt(checks.boolean, "lora.resolve_at_runtime", self.resolve_at_runtime)
            found.attempt(checks.mount_path, "lora.mount_path", self.mount_path)
            found.attempt(self._check_claim)
            repositories = found.attempt(sequence, "lora.hub_repositories", self.hub_repositories) or ()
            for index, repository in enumerate(repositories):
                found.attempt(self._check_repository, f"lora.hub_repositories[{index}]", repository)
            listed = found.attempt(self._listed)
            names = [adapter.name for adapter in listed or ()]
            for name in names:
                if names.count(name) > 1:
                    found.note(ConflictError(f"{name!r} is the name of two adapters", option="lora.adapters"))
            if listed is not None and not listed and not self.resolve_at_runtime:
                what = "there are none; allowed: at least one, or resolve_at_runtime=True"
                raise InvalidOptionError(what, option="lora.adapters")

    def _check_claim(self) -> None:
        if isinstance(self.claim, str):
            checks.dns_subdomain("lora.claim", self.claim)
        elif self.claim is not None and not hasattr(self.claim, "name"):
            raise InvalidOptionError(
                f"{shown(self.claim)} is not a claim; allowed: a name or a kplus.IPersistentVolumeClaim",
                option="lora.claim",
            )

    def _check_repository(self, option: str, repository: object) -> None:
        if not _REPOSITORY.fullmatch(checks.text(option, repository)):
            raise InvalidOptionError(f"{repository!r} is not a repository of the hub; allowed: org/name", option=option)
        if not self.resolve_at_runtime:
            raise ConflictError("is asked at runtime alone; say resolve_at_runtime=True", option=option)

    def contribute(self, target: Target) -> Contribution:
        """What it adds to that server."""
        listed = self._listed()
        if any(adapter.name == target.model for adapter in listed):
            raise ConflictError(f"{target.model!r} is the name of the server's model", option="lora.adapters")
        settings: dict[str, Any] = {"enable_lora": True}
        if listed:
            settings["lora_modules"] = [adapter.argument() for adapter in listed]
        return Contribution(
            engine_args=settings,
            env=self._environment(target),
            volumes=self._volumes(target),
            volume_mounts=self._mounts(),
        )

    def _listed(self) -> list[LoraAdapter]:
        with Collector() as found:
            if isinstance(self.adapters, Mapping):
                return [found.need(LoraAdapter, name=name, path=path) for name, path in self.adapters.items()]
            items = sequence("lora.adapters", self.adapters)
            for index, item in enumerate(items):
                if not isinstance(item, LoraAdapter):
                    what = f"{shown(item)} is not an adapter; allowed: LoraAdapter(name=..., path=...)"
                    found.note(InvalidOptionError(what, option=f"lora.adapters[{index}]"))
            return items

    def _environment(self, target: Target) -> dict[str, str]:
        if not self.resolve_at_runtime:
            return {}
        plugins = target.env.get("VLLM_PLUGINS")
        needed = [_RESOLVER, *([_HUB_RESOLVER] if self.hub_repositories else ())]
        for plugin in needed:
            if isinstance(plugins, str) and plugin not in plugins.split(","):
                raise ConflictError(
                    f"{shown(plugins)} keeps vLLM from loading {plugin!r}, which resolve_at_runtime needs; add it",
                    option="env['VLLM_PLUGINS']",
                )
        hub: dict[str, str] = {}
        if self.hub_repositories:
            target.require(_HUB_SINCE, option="lora.hub_repositories", what="looking for adapters on the hub")
            hub["VLLM_LORA_RESOLVER_HF_REPO_LIST"] = ",".join(self.hub_repositories)
            # Unlike the other resolver, this one is loaded by its name alone.
            hub["VLLM_PLUGINS"] = plugins if isinstance(plugins, str) else ",".join(needed)
        servers = target.engine_args.get("api_server_count")
        if servers not in (None, 1):
            raise ConflictError(
                f"{servers!r} contradicts lora's resolve_at_runtime, which vLLM allows with one API server only",
                option="api_server_count",
            )
        if target.env.get("HF_HUB_OFFLINE") not in (None, "", "0") and not target.model.startswith("/"):
            warn(
                "env['HF_HUB_OFFLINE']: vLLM then knows its model by the path in the cache, so that it finds only "
                "adapters whose adapter_config.json names that path; give model= as a path, or leave it online"
            )
        if not target.guarded:
            warn(
                "resolve_at_runtime lets whoever reaches the server load adapters from anywhere "
                "(/v1/load_lora_adapter); give it api_key=SecretKey(...)",
                option="lora",
                rule=OPEN_ADAPTERS,
            )
        # VLLM_PLUGINS stays unset: that loads the resolver, and every other plugin of the image as before.
        return {RUNTIME_ADAPTERS: "1", "VLLM_LORA_RESOLVER_CACHE_DIR": self.mount_path, **hub}

    def _volumes(self, target: Target) -> tuple[dict[str, Any], ...]:
        if self.claim is None:
            return ()
        name = self.claim if isinstance(self.claim, str) else self.claim.name
        metadata = getattr(self.claim, "metadata", None)
        if metadata is not None:
            target.require_namespace(metadata.namespace, option="lora.claim", what=repr(name))
        return ({"name": _VOLUME, "persistentVolumeClaim": {"claimName": name}},)

    def _mounts(self) -> tuple[dict[str, Any], ...]:
        if self.claim is not None:
            return ({"name": _VOLUME, "mountPath": self.mount_path, "readOnly": True},)
        if self.resolve_at_runtime:
            # A subPath, since Kubernetes makes that folder where it is missing, and without it vLLM would not start.
            return (
                {"name": STORAGE_VOLUME, "mountPath": self.mount_path, "subPath": _VOLUME, "readOnly": True},
            )  # fmt: skip
        return ()
