"""DisaggregatedServer: one model in two groups of pods, of which one reads prompts and the other writes answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import Whole, name_in_tree, place, place_below, place_of
from vllm_cdk8s.constructs.custom_resource import custom_resource
from vllm_cdk8s.constructs.multi_node import MultiNodeVllmServer
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.server_base import keyword_options
from vllm_cdk8s.constructs.set_role import SetRole
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.constructs.threshold import construct_of
from vllm_cdk8s.constructs.tree import put
from vllm_cdk8s.core.errors import VllmCdk8sError
from vllm_cdk8s.core.features.disaggregated import ROLES, Pool, pairing_name, pairing_service, plan_pair
from vllm_cdk8s.core.features.kv_transfer import SLICE_VARIABLE, Nixl, PairProxy
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.core.server.set_role import SET_API, SET_KIND, SLICE_LABEL, DisaggregatedSet, check_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    import cdk8s
    import cdk8s_plus_27 as kplus
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.core.features.disaggregated import PairPlan
    from vllm_cdk8s.core.features.kv_transfer import RoutingSidecar, SharedFiles

__all__ = ["DisaggregatedServer", "DisaggregatedSet", "Pool"]


@named_keywords
@keyword_options(ServerOptions)
class DisaggregatedServer(Whole):
    """One model, prefilled and decoded apart: two servers, and a proxy beside each decoding vLLM.

    ``DisaggregatedServer(self, "llama", model=..., image=..., prefill=Pool(replicas=4, gpus=1),
    decode=Pool(replicas=1, gpus=4), storage=models)``. Prompts are read by the pods of one side, answers written by
    those of the other, so that long prompts do not stop the answers of others, and each side has as many pods, and as
    large ones, as its half of the work needs. Clients use the decoding side's Service; the sidecar beside each
    decoding vLLM has the prompt read by a prefilling pod first (`PairProxy`), or by the one that llm-d's endpoint
    picker names (`RoutingSidecar`).

    Both sides run the same image, and settings that decide on the layout of the KV cache. A rollout replaces pods of
    both sides at once; pods of the old and of the new release find those of their own through a Service for each
    release of the pair, and a decoding pod that finds none reads the prompt itself.

    Options given here apply to both sides; options of one side are given to its `Pool`. Needs Kubernetes 1.29 or newer,
    for the native sidecar. Sources: https://docs.vllm.ai/en/latest/features/disagg_prefill/ and
    https://docs.vllm.ai/en/latest/features/nixl_connector_usage/

    Attributes:
        prefill: the server that reads prompts.
        decode: the server that clients use.
        disaggregated_set: the object that makes the pods of both, None where each side has one of its own.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        model: a model of the Hugging Face hub, or a path in the containers.
        prefill: the pods that read prompts.
        decode: the pods that write answers.
        connector: how the KV cache is transferred: `Nixl` or `SharedFiles`. Defaults to `Nixl`.
        proxy: the sidecar of each decoding vLLM: `PairProxy` or `RoutingSidecar`. Defaults to `PairProxy`.
        disaggregated_set: create the pods of both in one DisaggregatedSet of the LeaderWorkerSet project, which rolls
            them out together: True, or a `DisaggregatedSet`. By default each side gets a Deployment, or a
            LeaderWorkerSet, of its own.
        storage: where both sides keep models. By default each side gets a claim of its own.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: the two sides, or servers of one app, contradict each other.
    """

    prefill: VllmServer | MultiNodeVllmServer
    decode: VllmServer | MultiNodeVllmServer

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        prefill: Pool,
        decode: Pool,
        connector: Nixl | SharedFiles | None = None,
        proxy: PairProxy | RoutingSidecar | None = None,
        disaggregated_set: bool | DisaggregatedSet | None = None,
        storage: ModelStorage | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        try:
            if storage is not None:
                construct_of("storage", storage, ModelStorage, allowed='ModelStorage(self, "models", size="500Gi")')
            plan = plan_pair(
                model=model, prefill=prefill, decode=decode, connector=Nixl() if connector is None else connector,
                proxy=PairProxy() if proxy is None else proxy, together=disaggregated_set, options=options,
            )  # fmt: skip
        except VllmCdk8sError as error:
            raise error.at(f"{place_of(scope).path}/{id}") from None
        super().__init__(scope, id)
        place_below(self, scope, id)
        slices = 1 if plan.together is None else plan.together.slices
        if storage is not None:
            pods = sum((1 if pool.replicas is None else pool.replicas) * pool.nodes for pool in (prefill, decode))
            storage.check_replicas(pods * slices)
        self.disaggregated_set = None if plan.together is None else self._set(scope, id, plan, options)
        self.prefill = self._server("prefill", model, prefill, plan, storage)
        found = plan.fetching_from(self._pairing(scope, plan.digest, slices))
        self.decode = self._server("decode", model, decode, found, storage)
        self.prefill.companions = self.decode.companions = (self.prefill, self.decode)

    def _set(self, scope: Construct, id: str, plan: PairPlan, options: Mapping[str, Any]) -> cdk8s.ApiObject:
        """The object that makes the pods of both sides, into which each puts its own."""
        assert plan.together is not None  # noqa: S101 - asked for where it is
        named = options.get("name")
        check_set(named or name_in_tree(scope, id, "Set"), plan.shapes, option="id" if named is None else "name")
        return custom_resource(
            self, scope, SET_API, SET_KIND, name=named, labels=options.get("labels"),
            annotations=options.get("annotations"), spec={"roles": [], **plan.together.spec()}, id="Set",
        )  # fmt: skip

    def _pairing(self, scope: Construct, digest: str, slices: int) -> str:
        """Make the Services by which decoding pods find prefilling ones of their own; where they are."""
        registry, namespace = place(scope)
        base = pairing_name(self.prefill, digest)
        for index in range(slices):
            name, child = (base, "Pairing") if slices == 1 else (f"{base}-{index}", f"Pairing{index}")
            registry.take_name("Service", namespace, name, self)
            labels = {} if slices == 1 else {SLICE_LABEL: str(index)}
            put(self, child, pairing_service(self.prefill, digest, name=name, labels=labels), within=scope)
        return f"http://{base if slices == 1 else f'{base}-$({SLICE_VARIABLE})'}:{self.prefill.port}"

    def _server(
        self, role: str, model: str, pool: Pool, plan: PairPlan, storage: ModelStorage | None
    ) -> VllmServer | MultiNodeVllmServer:
        given, child = dict(plan.options[role]), role.capitalize()
        if self.disaggregated_set is not None:
            given.setdefault("instance", given.get("name") or name_in_tree(self, child, "Resource"))
            return SetRole(
                self, child, model=model, shape=plan.shapes[role], of=self.disaggregated_set, index=ROLES.index(role),
                options={name: value for name, value in given.items() if name != "storage"},
                storage=given.get("storage", storage),
            )  # fmt: skip
        if storage is not None:
            given.setdefault("storage", storage)
        if pool.replicas is not None:
            given["replicas"] = pool.replicas
        if pool.nodes > 1:
            return MultiNodeVllmServer(self, child, model=model, nodes=pool.nodes, **given)
        return VllmServer(self, child, model=model, **given)

    @property
    def service(self) -> kplus.Service:
        """The service that clients use."""
        return self.decode.service

    @property
    def url(self) -> str:
        """Where clients in the cluster reach the pair."""
        return self.decode.url
