"""VllmServer: a vLLM inference server, put together from its pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import cdk8s
import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.api_key import note_api_key, note_doors
from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.autoscaling import add_autoscaler
from vllm_cdk8s.constructs.exposure import add_ingress
from vllm_cdk8s.constructs.namespace_levels import level_findings
from vllm_cdk8s.constructs.server_base import (
    INSTANCE_LABEL,
    NAME_LABEL,
    ROLLOUT_MARGIN_SECONDS,
    Server,
    check_kinds,
    check_labels,
    check_names,
    check_service_type,
    derived_settings,
)
from vllm_cdk8s.constructs.storage import DEFAULT_MOUNT_PATH, DEFAULT_SIZE, ModelStorage
from vllm_cdk8s.constructs.workload import PodOptions, check_options, pod_template, pull_policy
from vllm_cdk8s.core.engine import engine_command
from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.health import DEFAULT_STARTUP_SECONDS, slow_start
from vllm_cdk8s.core.pod.resources import Resources, resource_name, with_gpus
from vllm_cdk8s.core.server.contribution import with_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.drop_cache import DropCacheWrapper
    from vllm_cdk8s.constructs.probes import ManualProbes, SlowStartProbes
    from vllm_cdk8s.core.engine import EngineArgs
    from vllm_cdk8s.core.models.sizing import Sizing
    from vllm_cdk8s.core.scaling.autoscaling import Autoscaling
    from vllm_cdk8s.core.traffic.ingress import Ingress

__all__ = ["INSTANCE_LABEL", "NAME_LABEL", "VllmServer"]


class VllmServer(Server):
    """A vLLM server: Deployment, Service, ServiceAccount, and a claim for its models.

    ``VllmServer(self, "llama", model="meta-llama/Llama-3.1-8B-Instruct", gpus=1)``. Given nothing but a model it is one
    replica with a 50 GiB claim at ``/root/.cache``, ten minutes to start, 90 % of the GPU's memory, 2048 tokens of
    context (less where the model has fewer), CUDA graph mode FULL_AND_PIECEWISE, no resource requests or limits, and a
    ClusterIP service on port 8000.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
        model: a model of the Hugging Face hub, or a path in the container.
        name: the name of its objects (its claim is ``<name>-pvc``); None lets cdk8s name them.
        instance: the label ``app.kubernetes.io/instance``; None takes the Deployment's name.
        app_name: the label ``app.kubernetes.io/name``.
        labels: further labels of all its objects.
        annotations: annotations of the Deployment.
        replicas: pods that serve; not with ``autoscaling``.
        autoscaling: a HorizontalPodAutoscaler that decides on the replicas.
        image: the container image; its tag says which vLLM the arguments are checked against.
        image_pull_policy: ``kplus.ImagePullPolicy`` or its Kubernetes name.
        engine_version: vLLM's version, where the tag does not say it.
        engine_args: vLLM's settings by vLLM's names.
        extra_args: settings as raw arguments, checked like ``engine_args``.
        unchecked_args: raw arguments that are passed on unchecked.
        env: environment variables of vLLM, plain text or ``kplus.EnvValue``; text arrives as it is, ``$(X)`` included.
        host: the address that vLLM listens on.
        port: the port that vLLM listens on.
        service_type: ``kplus.ServiceType`` or its Kubernetes name: ClusterIP, NodePort, LoadBalancer.
        service_port: the service's port.
        ingress: an Ingress in front of the service.
        gpus: GPUs of each pod; with several, tensor parallel over all of them unless ``engine_args`` says otherwise.
        gpu_resource: the resource that GPUs are counted in, such as ``nvidia.com/mig-3g.40gb`` or ``amd.com/gpu``.
        resources: requests and limits of the vLLM container.
        sizing: what `size_model` found the model to need; gives the memory, the GPUs, the time to start and the size of
            the claim wherever nothing else says them.
        service_account: one of yours, by name or as a kplus service account; None makes one that may do nothing.
        storage: where models and caches are kept; None makes a claim of 50 GiB.
        probes: the health probes; None gives the server ten minutes to start.
        drop_cache: drop the node's page cache before each start; makes the pod privileged.
        **pod_options: what may be said of the pods; see `PodOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: options, or servers of one app, contradict each other.
    """

    _SCALABLE: ClassVar[bool] = True

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        model: str,
        name: str | None = None,
        instance: str | None = None,
        app_name: str = "vllm",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        replicas: int = 1,
        autoscaling: Autoscaling | None = None,
        image: str = "vllm/vllm-openai:latest",
        image_pull_policy: kplus.ImagePullPolicy | str = kplus.ImagePullPolicy.IF_NOT_PRESENT,
        engine_version: str | None = None,
        engine_args: EngineArgs | None = None,
        extra_args: Sequence[str] = (),
        unchecked_args: Sequence[str] = (),
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        host: str = "0.0.0.0",  # noqa: S104 - a server in a pod is reached from outside it
        port: int = 8000,
        service_type: kplus.ServiceType | str = kplus.ServiceType.CLUSTER_IP,
        service_port: int = 8000,
        ingress: Ingress | None = None,
        gpus: int | None = None,
        gpu_resource: str = "nvidia.com/gpu",
        resources: Resources | None = None,
        sizing: Sizing | None = None,
        service_account: str | kplus.IServiceAccount | None = None,
        storage: ModelStorage | None = None,
        probes: SlowStartProbes | ManualProbes | None = None,
        drop_cache: DropCacheWrapper | None = None,
        **pod_options: Unpack[PodOptions],
    ) -> None:
        options, engine_args, env, engine_defaults = with_features(
            check_options(pod_options, _OWN_OPTIONS),
            model=model,
            engine_args=engine_args,
            env=env,
            namespace=place(scope)[1],
        )
        check_kinds(
            storage=storage, probes=probes, drop_cache=drop_cache, autoscaling=autoscaling, ingress=ingress,
            resources=resources, sizing=sizing,
        )  # fmt: skip
        checks.integer("replicas", replicas, minimum=0, maximum=checks.MAX_INT32)
        if autoscaling is not None and replicas != 1:
            raise ConflictError(f"{replicas} contradicts autoscaling, which decides on the replicas", option="replicas")
        checks.port("service_port", service_port)
        kind = check_service_type(service_type)
        check_names(name, instance, app_name, longest_suffix="-pvc" if storage is None else "")
        own_labels = check_labels(labels or {})
        own_annotations = checks.annotation_map("annotations", annotations or {})
        policy = pull_policy(image_pull_policy)
        all_resources, all_gpus = with_gpus(
            resources if resources is not None else Resources(),
            gpus=gpus,
            gpu_resource=resource_name("gpu_resource", gpu_resource),
            sizing=sizing,
        )
        self.engine = engine_command(
            model=model, host=host, port=port,
            engine_args=engine_args, extra_args=extra_args, unchecked_args=unchecked_args, image=image,
            engine_version=engine_version, gpus=all_gpus,
            defaults={
                **derived_settings(options, image, engine_version), **engine_defaults,
                **({} if sizing is None else {"max_model_len": sizing.max_model_len}),
            },
        )  # fmt: skip

        if sizing is not None:
            sizing.warn_beyond(self.engine.max_model_len)
        super().__init__(scope, id)
        self.image, self.port, self.pod_options = image, int(self.engine.settings["port"]), options
        self.deployment = self._begin(
            scope, api_version="apps/v1", kind="Deployment", name=name, instance=instance, app_name=app_name,
            labels=own_labels, annotations=own_annotations,
        )  # fmt: skip
        if storage is None:
            claim_name = None if name is None else f"{name}-pvc"
            non_root = options.get("non_root")
            mount_path = DEFAULT_MOUNT_PATH if non_root is None else non_root.mount_path
            size = DEFAULT_SIZE if sizing is None else sizing.claim_size
            storage = ModelStorage(
                self, "Storage", size=size, name=claim_name, labels=self.labels, mount_path=mount_path
            )
        self.storage, self.drop_cache = storage, drop_cache
        self._given_probes = probes
        self._startup_seconds = DEFAULT_STARTUP_SECONDS if sizing is None else sizing.max_startup_seconds
        self._health = slow_start(self._startup_seconds) if probes is None else probes.health
        limits = (replicas, replicas) if autoscaling is None else (autoscaling.min_replicas, autoscaling.max_replicas)
        self.min_replicas, self.max_replicas = limits
        storage.mount_into(self, scope, max_replicas=self.max_replicas)

        account_name = self._use_account(service_account, name)
        template = pod_template(
            options, engine=self.engine, image=image, image_pull_policy=policy, port=port, env=env,
            resources=all_resources, gpus=all_gpus, storage=storage, health=self._health, drop_cache=drop_cache,
            labels=self.selector, service_account=account_name,
        )  # fmt: skip
        self._set_spec(
            self._deployment_spec(
                template, None if autoscaling is not None else replicas,
                download_seconds=options["download"].max_seconds if "download" in options else 0,
            )
        )  # fmt: skip
        self._serve(name, service_type=kind, service_port=service_port, target_port=port, pods=self.pods)
        self.ingress = None
        if ingress is not None:
            self.ingress = add_ingress(ingress, self, service=self.service, name=name, labels=self.labels)
        self.autoscaler: Construct | None = None
        if autoscaling is not None:
            self.autoscaler = add_autoscaler(
                autoscaling, self, target=self.workload_ref, resources=all_resources, name=name, labels=self.labels
            )  # fmt: skip
        if drop_cache is not None:
            place(scope)[0].add_check(level_findings)
        note_api_key(self, scope, options.get("api_key"))
        note_doors(self, scope, ingress=ingress, service_type=kind)

    def leave_replicas_to(self, autoscaler: Construct, *, min_replicas: int, max_replicas: int) -> None:
        """Take the number of replicas out of the Deployment, since from now on an autoscaler decides on it.

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
        self.storage.check_replicas(max_replicas)
        self.autoscaler, self.min_replicas, self.max_replicas = autoscaler, min_replicas, max_replicas
        self.deployment.add_json_patch(cdk8s.JsonPatch.remove("/spec/replicas"))

    def _deployment_spec(
        self, template: dict[str, Any], replicas: int | None, *, download_seconds: int
    ) -> dict[str, Any]:
        spec: dict[str, Any] = {} if replicas is None else {"replicas": replicas}
        return spec | {
            "selector": {"matchLabels": self.selector},
            # A surge pod would wait for the GPU, or the claim, that the old one holds, for ever. Not Recreate: a
            # server-side apply over a live RollingUpdate Deployment is refused.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "progressDeadlineSeconds": download_seconds + self._health.startup_seconds + ROLLOUT_MARGIN_SECONDS,
            "template": template,
        }


_OWN_OPTIONS = ("model", *(VllmServer.__init__.__kwdefaults__ or ()))
