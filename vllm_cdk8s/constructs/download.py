"""ModelDownload: a Job that downloads models into the storage that servers share."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from vllm_cdk8s.constructs.apps import Whole
from vllm_cdk8s.constructs.job import add_job
from vllm_cdk8s.constructs.storage import ModelStorage
from vllm_cdk8s.constructs.threshold import wire_options
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.jobs.download import plan_download
from vllm_cdk8s.core.jobs.job import JOB_OPTIONS
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.plan import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s
    import cdk8s_plus_27 as kplus
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.core.features.hub import HubModel
    from vllm_cdk8s.core.jobs.job import JobOptions
    from vllm_cdk8s.core.pod.secret_key import SecretKey


@named_keywords
class ModelDownload(Whole):
    """A Job that downloads models into a storage.

    ``ModelDownload(self, "fetch", models=["Qwen/Qwen2.5-7B-Instruct"], storage=storage)``.

    Servers with the same storage find them in its cache. Kubernetes does not wait for the Job: apply it first and
    ``kubectl wait --for=condition=complete job/...``, or let the server's pods download too, which then only waits for
    what the Job is downloading. Its name ends in a digest of what it does, so that other models make another Job.

    A ReadWriteOnce claim is on one node at a time: a server on another node starts when the Job has ended. Where the
    claim is not bound yet, the Job's pod decides on the zone of its volume: give it the server's ``node_selector`` and
    ``tolerations``.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        models: what to download: repositories of the Hugging Face hub, or `HubModel` for revisions and patterns.
        storage: where to, as the servers have it.
        hf_token: the token for models that need one.
        name: what the Job's name begins with; None lets cdk8s name it.
        image: an image with Python 3.10 or newer and huggingface_hub, such as vLLM's own.
        env: environment variables, plain text or ``kplus.EnvValue``, such as ``HF_ENDPOINT`` for a mirror.
        retries: how often Kubernetes tries again; a model that does not exist, or may not be read, is not tried again.
        deadline_seconds: seconds after which Kubernetes gives up; None lets it take its time.
        **job_options: options of every Job; see `JobOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: the storage does not last, or is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        models: Sequence[str | HubModel],
        storage: ModelStorage,
        hf_token: SecretKey | None = None,
        name: str | None = None,
        image: str = "vllm/vllm-openai:latest",
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        retries: int = 6,
        deadline_seconds: int | None = None,
        **job_options: Unpack[JobOptions],
    ) -> None:
        with Collector() as found:
            others = tuple(inspect.signature(ModelDownload.__init__).parameters)
            own: dict[str, Any] = check_options(job_options, JOB_OPTIONS, others=others, found=found)
            if hf_token is not None:
                own["hf_token"] = hf_token
            options = wire_options({**own, "env": {} if env is None else env})
            checks.instance("storage", storage, ModelStorage, allowed="ModelStorage(...)")
            plan = found.need(
                plan_download, options, models=models, storage=storage.plan, name=name, image=image,
                env=options.pop("env"), retries=retries, deadline_seconds=deadline_seconds,
            )  # fmt: skip

        super().__init__(scope, id)
        storage.check_namespace(self, scope)
        self.job: cdk8s.ApiObject = add_job(self, scope, id, plan, name=name)

    @property
    def name(self) -> str:
        """The Job's name."""
        return self.job.name
