"""What servers of every shape are in the tree: one construct over a plan."""

from __future__ import annotations

import inspect
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import cdk8s

from vllm_cdk8s.constructs.apps import Whole, names_of, place, place_below, place_of
from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
from vllm_cdk8s.constructs.storage import ModelStorage, PlannedStorage
from vllm_cdk8s.constructs.threshold import construct_of, wire_options
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import Collector, ConflictError, VllmCdk8sError, give
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.kube.names import fixed_names
from vllm_cdk8s.core.kube.pod_standards import pod_security_level
from vllm_cdk8s.core.namespaces.levels import LEVELS
from vllm_cdk8s.core.pod.patching import patched
from vllm_cdk8s.core.pod.raw_env import check_no_secret
from vllm_cdk8s.core.pod.raw_pod import check_template
from vllm_cdk8s.core.pod.security import NonRoot
from vllm_cdk8s.core.server.identity import INSTANCE_LABEL, NAME_LABEL
from vllm_cdk8s.core.server.options import DEFAULTS
from vllm_cdk8s.core.server.plan import ServerInput, check_options, plan_server
from vllm_cdk8s.core.server.pod import scheme
from vllm_cdk8s.core.server.serving import WorkloadRef, asks_for_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import cdk8s_plus_27 as kplus
    from constructs import Construct

    from vllm_cdk8s.core.engine import EngineCommand
    from vllm_cdk8s.core.models.sizing import Sizing
    from vllm_cdk8s.core.pod.options import PodOptions
    from vllm_cdk8s.core.server.plan import ServerPlan
    from vllm_cdk8s.core.server.shape import Shape

__all__ = ["INSTANCE_LABEL", "NAME_LABEL", "Server"]

_Class = TypeVar("_Class", bound=type)

_STORAGE = 'ModelStorage(self, "models", size="50Gi") or another of its kinds'
_PROBES = 'SlowStartProbes(self, "probes", max_startup_seconds=600)'


class Server(Whole):
    """A server that is found by its labels and reached through its service, whatever object makes its pods.

    Attributes:
        plan: the server as data, all options checked and settled.
        workload: the object that makes the pods.
        storage: where models and caches are kept.
        drop_cache: what drops the node's page cache before each start, or None.
        ingress: the Ingress in front of it, or None.
        min_replicas: the fewest pods, or groups of pods.
        max_replicas: the most.
        companions: servers, itself among them, whose pods must reach its own at all ports.
        at: where its own part of the workload is, as a JSON pointer; empty where it has all of it.
    """

    companions: tuple[Server, ...] = ()
    at: str = ""
    has_pods = True  # what `level_findings` knows a server by
    ingress: Any
    autoscaler: Any

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        options: Mapping[str, Any],
        known: tuple[str, ...],
        shape: Callable[[Mapping[str, Any]], Shape],
        storage: ModelStorage | None = None,
        sizing: Sizing | None = None,
        bounds: tuple[int, int] | None = None,
        others: tuple[str, ...] = (),
        instead: Callable[[], Shape] | None = None,
        wrong: Collector | None = None,
    ) -> None:
        try:
            with wrong or Collector() as found:
                said = wire_options(check_options(options, known, others=others, found=found))
                if not found.sound("non_root"):
                    said["non_root"] = NonRoot()  # as was surely meant, so that nobody is told to say it
                model = checks.plain_member(model)
                shapes = [partial(shape, said), *([] if instead is None else [instead])]
                plan: Any = found.attempt(self._planned, scope, id, model, said, shapes, storage, sizing, bounds)
        except VllmCdk8sError as error:
            raise error.at(f"{place_of(scope).path}/{id}") from None
        super().__init__(scope, id)
        place_below(self, scope, id)
        self._stand(scope, plan, said, storage)
        for warning in plan.warnings:
            give(warning)

    @staticmethod
    def _planned(
        scope: Construct,
        id: str,
        model: str,
        said: dict[str, Any],
        shapes: Sequence[Callable[[], Shape]],
        storage: ModelStorage | None,
        sizing: Sizing | None,
        bounds: tuple[int, int] | None,
    ) -> ServerPlan:
        with Collector() as found:
            for option, value, kinds, allowed in (
                ("storage", storage, (ModelStorage,), _STORAGE),
                ("probes", said.get("probes"), (SlowStartProbes, ManualProbes), _PROBES),
                ("drop_cache", said.get("drop_cache"), (DropCacheWrapper,), 'DropCacheWrapper(self, "drop-cache")'),
            ):
                found.given(construct_of, option, value, *kinds, allowed=allowed)
            found.given(checks.text, "name", said.get("name"))
            # The rest is looked at as if what is wrong had not been said.
            sound = {name: value for name, value in said.items() if found.sound(name)}
            storage = storage if found.sound("storage") else None
            made: Any = next((one for one in map(found.attempt, shapes) if one is not None), None)
            if made is None or (made.nodes > 1 and storage is None):
                found.finish()
            name, probes = sound.get("name"), sound.get("probes")
            names = names_of(scope, id) if name is None else fixed_names(name, service_suffix=made.service_suffix)
            plan = found.attempt(
                plan_server,
                ServerInput(
                    model=model,
                    said=sound,
                    shape=made,
                    names=names,
                    path=lambda: f"{place_of(scope).path}/{id}",
                    namespace=place_of(scope).namespace,
                    storage=None if storage is None else storage.plan,
                    health=None if probes is None else probes.health,
                    sizing=sizing,
                    min_replicas=None if bounds is None else bounds[0],
                    max_replicas=None if bounds is None else bounds[1],
                ),
            )
        assert plan is not None  # noqa: S101 - nothing was wrong
        return plan

    def _stand(self, scope: Construct, plan: ServerPlan, said: Mapping[str, Any], storage: ModelStorage | None) -> None:
        """Put the plan's objects into the tree, in the order in which they are written."""
        registry, namespace = place(scope)
        self._scope, self.plan, self._said = scope, plan, said
        fixed = plan.names.fixed
        if fixed is not None:
            registry.take_name(plan.shape.kind, namespace, fixed, self)
            for suffix in plan.shape.services:
                registry.take_name("Service", namespace, f"{fixed}{suffix}", self)
            if namespace is not None:
                registry.add_check(level_findings)
        if fixed is not None or "instance" in said:
            registry.take_selector(namespace, plan.identity.selector, self)
        if storage is not None:
            storage.mount_into(self)
        self.workload = self._stand_workload(plan)
        if storage is None and plan.claim is not None:
            storage = PlannedStorage(self, "Storage", plan.pod.storage, plan.claim, named=fixed is not None)
            storage.mount_into(self)
        elif storage is None:
            storage = ModelStorage.none(self, "Storage", mount_path=plan.pod.storage.mount_path)
            storage.mount_into(self)
        self.storage, self.drop_cache = storage, said.get("drop_cache")
        self.min_replicas, self.max_replicas = plan.min_replicas, plan.max_replicas
        self.ingress = None
        self.autoscaler: Construct | None = None
        self._stand_before(plain=not {"ingress", "autoscaling"} & said.keys())
        if self.drop_cache is not None:
            registry.add_check(level_findings)
        if "api_key" in said:
            from vllm_cdk8s.constructs.api_key import note_api_key  # noqa: PLC0415 - for those who have one

            note_api_key(self, scope)

    def _stand_workload(self, plan: ServerPlan) -> cdk8s.ApiObject:
        """Put the object that makes the pods into the tree."""
        return put(self, "Resource", plan.workload, checked=True)

    def _stand_before(self, *, plain: bool) -> None:
        """Put the service account and the service into the tree; as plain objects until somebody asks for kplus's."""
        if not plain:
            _ = self.service
            if "ingress" in self._said:
                from vllm_cdk8s.constructs.exposure import add_ingress  # noqa: PLC0415 - loads kplus

                self.ingress = add_ingress(
                    self._said["ingress"], self, service=self.service, name=self.plan.names.fixed, labels=self.labels
                )
            return
        if self.plan.account is not None:
            put(self, "ServiceAccount", self.plan.account)
        put(self, "Service", self.plan.service_manifest)

    @cached_property
    def _kplus_objects(self) -> tuple[Any, kplus.Service]:
        """The service account and the service as kplus objects, in the place of the plain ones: same ids and bytes."""
        from vllm_cdk8s.constructs.kplus_objects import kplus_account, kplus_service  # noqa: PLC0415 - loads kplus

        for child in ("ServiceAccount", "Service"):
            self.node.try_remove_child(child)
        account = self._said.get("service_account")
        if self.plan.account is not None:
            account = kplus_account(self, self.plan.account)
        return account, kplus_service(self, self.plan.service_manifest, self._serving_pods())

    def _serving_pods(self) -> kplus.Pods:
        return self.pods

    @property
    def service(self) -> kplus.Service:
        """The service in front of it."""
        return self._kplus_objects[1]

    @property
    def service_account(self) -> str | kplus.IServiceAccount:
        """The account that the pods run as."""
        account: str | kplus.IServiceAccount = self._kplus_objects[0]
        return account

    @property
    def service_name(self) -> str:
        """The name of the service."""
        return self.plan.names.service

    @property
    def name(self) -> str:
        """The name of the object that makes the pods."""
        return self.plan.names.workload

    @property
    def instance(self) -> str:
        """The label ``app.kubernetes.io/instance``."""
        return self.plan.identity.instance

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all objects."""
        return dict(self.plan.identity.labels)

    @property
    def selector(self) -> dict[str, str]:
        """The labels that all its pods have, and no others."""
        return dict(self.plan.identity.selector)

    @property
    def serving_selector(self) -> dict[str, str]:
        """The labels of the pods that serve."""
        return self.plan.serving_selector

    @property
    def engine(self) -> EngineCommand:
        """VLLM's checked command line."""
        return self.plan.engine

    @property
    def image(self) -> str:
        """The container image."""
        return self.plan.pod.image

    @property
    def pod_options(self) -> PodOptions:
        """What was said of the pods."""
        return self.plan.pod.options

    @property
    def port(self) -> int:
        """The port that its pods serve at: vLLM's own, or that of a sidecar in front of it."""
        return self.plan.port

    @property
    def serving_ports(self) -> tuple[int, ...]:
        """The ports of its pods at which requests are answered: several where each copy in a pod has its own."""
        return self.plan.serving_ports

    @property
    def nodes(self) -> int:
        """The pods that make up one server."""
        return self.plan.shape.nodes

    @property
    def internode_ports(self) -> tuple[int, ...]:
        """The ports of the pod that serves which the other pods of its server dial.

        NCCL, Gloo and the like take whatever ports are free besides, in every pod, so that a policy between the pods of
        a server must allow all ports.
        """
        return self.plan.shape.internode_ports(self.engine, self.plan.pod.port)

    @cached_property
    def probes(self) -> SlowStartProbes | ManualProbes:
        """The health probes; a server's own are made when first asked for."""
        given: SlowStartProbes | ManualProbes | None = self._said.get("probes")
        return given or SlowStartProbes(self, "Probes", max_startup_seconds=self.plan.pod.health.startup_seconds)

    @cached_property
    def pods(self) -> kplus.Pods:
        """The server's pods, for network policies and services of your own."""
        from cdk8s_plus_27 import Pods  # noqa: PLC0415 - for those who ask for it

        return Pods.select(self, "Pods", labels=self.selector)

    @property
    def namespace(self) -> str | None:
        """The namespace of the server's chart, None where it has none."""
        return self.plan.namespace

    @property
    def path(self) -> str:
        """Its place in the tree."""
        return place_of(self).path

    @property
    def scheme(self) -> str:
        """``https`` where vLLM itself serves TLS, else ``http``."""
        return scheme(self.engine).lower()

    @property
    def service_port(self) -> int:
        """The port of its service."""
        return self.plan.service.port

    @property
    def model(self) -> str:
        """The model."""
        return str(self.engine.settings["model"])

    @property
    def served_model_name(self) -> str:
        """The name by which requests ask for the model."""
        return self.engine.served_model_name

    @property
    def startup_seconds(self) -> int:
        """The start-up budget of its probes; 0 where nothing limits the start."""
        return self.plan.pod.health.startup_seconds

    @property
    def guarded(self) -> bool:
        """Whether it asks, or may ask, for an API key."""
        return asks_for_key(self.pod_templates[0], self.engine.settings)

    @property
    def acknowledged(self) -> frozenset[str]:
        """The codes of the warnings that its user has acknowledged."""
        return frozenset(str(code).upper() for code in self._said.get("acknowledge", ()))

    @property
    def warned(self) -> frozenset[str]:
        """The codes of the warnings that its own options have given."""
        return frozenset(warning.rule.code for warning in self.plan.warnings)

    @property
    def workload_ref(self) -> WorkloadRef:
        """The object that makes its pods."""
        shape = self.plan.shape
        return WorkloadRef(api_version=shape.api_version, kind=shape.kind, name=self.name)

    @property
    def url(self) -> str:
        """Where clients in the cluster reach the server; without a namespace, those of its own."""
        host = self.service_name if self.namespace is None else f"{self.service_name}.{self.namespace}"
        return f"{self.scheme}://{host}:{self.service_port}"

    @property
    def pod_templates(self) -> list[Any]:
        """The templates of the pods in wire form, as they are by now."""
        wire = self.workload.to_json()
        return [_at(wire, path) for path in self.template_paths]

    @property
    def template_paths(self) -> tuple[str, ...]:
        """Where the templates of the pods are in the workload, as JSON pointers; those that serve come first."""
        return tuple(f"{self.at}{path}" for path in self.plan.shape.templates)

    @property
    def pod_security_level(self) -> str:
        """The strictest Pod Security Standard that the pods satisfy: restricted, baseline or privileged."""
        levels = [pod_security_level(template) for template in self.pod_templates]
        return max(levels, key=LEVELS.index)

    def explain(self) -> dict[str, Any]:
        """What this server will be, as JSON's types: its objects, its needs, how it starts, stops and is rolled out."""
        from vllm_cdk8s.core.server.explaining import explanation  # noqa: PLC0415 - for those who ask

        return explanation(self.plan, self.plan.manifests(), self.plan.warnings)

    def leave_replicas_to(self, autoscaler: Construct, *, min_replicas: int, max_replicas: int) -> None:
        """Take the number of replicas out of the workload, since from now on an autoscaler decides on it.

        Args:
            autoscaler: the construct that decides.
            min_replicas: the fewest that it sets.
            max_replicas: the most that it sets.

        Raises:
            ConflictError: ``replicas`` or another autoscaler decides on it, or the storage allows one pod only.
        """
        if self.autoscaler is not None:
            raise ConflictError(
                f"{self.autoscaler.node.path} decides on the replicas of {self.node.path} already; keep one autoscaler",
                option="server",
            )
        if self.max_replicas != 1:
            raise ConflictError(
                f"{self.max_replicas} contradicts {autoscaler.node.path}, which decides on the replicas",
                option="replicas",
            )
        self.storage.check_replicas(max_replicas * self.nodes)
        self.autoscaler, self.min_replicas, self.max_replicas = autoscaler, min_replicas, max_replicas
        self.workload.add_json_patch(cdk8s.JsonPatch.remove(f"{self.at}/spec/replicas"))

    def patch_pod(self, path: str, value: Any) -> None:
        """Set a field of the pod template: ``server.patch_pod("/spec/hostname", "llm")``.

        Args:
            path: a JSON pointer below the template; its parent must exist, and ``/-`` appends to a list that does.
            value: the field's new value in wire form.

        Raises:
            InvalidOptionError: the path is not a JSON pointer, or the value is not plain data, or holds a literal
                secret, or the API server would refuse the pod.
            ConflictError: the field excludes another one of the pod.
        """
        try:
            value = checks.plain("value", value)
            check_no_secret("value", value)
            for template in self.pod_templates:
                check_template("patch_pod", patched(template, path, value), selector=self.plan.identity.selector)
        except VllmCdk8sError as error:
            raise error.at(self.path) from None
        for pointer in self.template_paths:
            self.workload.add_json_patch(cdk8s.JsonPatch.add(f"{pointer}{path}", value))


def _at(wire: Any, pointer: str) -> Any:
    for key in pointer.strip("/").split("/"):
        wire = wire[int(key)] if isinstance(wire, list) else wire[key]
    return wire


def keyword_options(options: type, *, required: tuple[str, ...] = ()) -> Callable[[_Class], _Class]:
    """Have ``help()``, editors and ``inspect.signature`` see the keywords of a construct that takes ``**options``.

    jsii's metaclass hides the signature of ``__init__``; the keywords' meanings are in the docstrings of their
    TypedDicts, and are put behind the class's own.
    """

    def show(cls: _Class) -> _Class:
        own = [
            p
            for p in inspect.signature(getattr(cls, "__init__")).parameters.values()  # noqa: B009 - of a class, on purpose
            if p.name != "self"
        ]
        named = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        known = {p.name for p in named}
        more = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if name in required else DEFAULTS.get(name),
                annotation=annotation,
            )
            for name, annotation in _annotations(options).items()
            if name not in known
        ]
        cls.__signature__ = inspect.Signature([*named, *more])  # type: ignore[attr-defined]
        cls.__doc__ = _documented(cls.__doc__ or "", options)
        return cls

    return show


def _annotations(options: type) -> dict[str, Any]:
    """The types as the source has them: text, as in any signature whose annotations are not evaluated.

    Those of its own come first, as in the docstring.
    """
    found: dict[str, Any] = {}
    for each in reversed([options, *_typed_bases(options)]):
        found = {name: said for name, said in each.__annotations__.items() if name not in found} | found
    return {name: getattr(said, "__forward_arg__", said) for name, said in found.items()}


def _documented(doc: str, options: type) -> str:
    """The docstring with the options' own lines among its arguments."""
    lines = []
    for base in [options, *_typed_bases(options)]:
        _, _, attributes = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")
        lines += attributes.rstrip().splitlines()
    own = inspect.cleandoc(doc)
    head, raises, tail = own.partition("\n\nRaises:")
    return f"{head}\n" + "\n".join(lines) + raises + tail


def _typed_bases(options: type) -> list[type]:
    bases: list[type] = []
    for base in getattr(options, "__orig_bases__", ()):
        if isinstance(base, type) and hasattr(base, "__total__"):
            bases += [base, *_typed_bases(base)]
    return bases
