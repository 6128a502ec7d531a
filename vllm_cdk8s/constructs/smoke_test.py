"""SmokeTest: a Job that asks a server for its health, its models and one answer, and fails loudly."""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cdk8s_plus_27 as kplus

from vllm_cdk8s.constructs.apps import Whole, place
from vllm_cdk8s.constructs.job import add_job
from vllm_cdk8s.constructs.policies import ask_policies
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.constructs.threshold import wire_options
from vllm_cdk8s.core.errors import Collector
from vllm_cdk8s.core.jobs.job import JOB_OPTIONS
from vllm_cdk8s.core.jobs.smoke_test import kept_out, labels_of_test, plan_smoke_test, without_pods
from vllm_cdk8s.core.keywords import named_keywords
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.server.plan import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    import cdk8s
    from constructs import Construct
    from typing_extensions import Unpack

    from vllm_cdk8s.core.jobs.job import JobOptions
    from vllm_cdk8s.core.pod.secret_key import SecretKey


@named_keywords
class SmokeTest(Whole):
    """A Job that tests one server: ``SmokeTest(self, "smoke-test", server=server)``.

    It waits until ``/health`` answers, finds the model in ``/v1/models``, makes one request, and says in its log what
    it found. It fails, without a second try, with the reason in its last line, in ``kubectl describe pod``, and in its
    exit code: 3 never healthy, 4 API key refused, 5 model not served, 6 no proper answer.

    Its name ends in a digest of the server's pods too, so that each change of the server is tested anew. It knows the
    server as it is by then: make it after the last `VllmServer.patch_pod`. It runs as nobody, with a read-only root
    filesystem and no rights, so that any namespace lets it in.

    Args:
        scope: the parent construct.
        id: the construct's ID, unique within its parent.
        server: the server.
        request: what to ask: a ``completion``, a ``chat``, an ``embedding``, or ``none``. None asks for a completion,
            and for an embedding where ``engine_args`` says ``runner="pooling"``.
        model: the model to ask, such as an adapter; None asks the server's own.
        prompt: the prompt.
        api_key: the server's API key; None takes the server's own option.
        ca: certificates to trust, in PEM, where the server's own is not signed by a public authority.
        verify_tls: False trusts any certificate.
        timeout_seconds: how long to wait for health; None waits for the server's start-up budget and ten minutes more.
        name: what the Job's name begins with; None lets cdk8s name it.
        image: an image with Python 3.10 or newer; None takes the server's, of many GiB, which the GPU nodes have
            already. Where the test may land on a node without GPUs, ``image="python:3.13-slim"`` is there in seconds.
        env: environment variables, plain text or ``kplus.EnvValue``.
        **job_options: options of every Job; see `JobOptions`.

    Raises:
        InvalidOptionError: an option is unknown, or has a value that is wrong by itself.
        ConflictError: the server's API key is in another namespace.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        server: Server,
        request: str | None = None,
        model: str | None = None,
        prompt: str = "Hello",
        api_key: SecretKey | None = None,
        ca: SecretKey | None = None,
        verify_tls: bool = True,
        timeout_seconds: int | None = None,
        name: str | None = None,
        image: str | None = None,
        env: Mapping[str, str | kplus.EnvValue] | None = None,
        **job_options: Unpack[JobOptions],
    ) -> None:
        registry, namespace = place(scope)
        with Collector() as found:
            others = tuple(inspect.signature(SmokeTest.__init__).parameters)
            own: dict[str, Any] = check_options(job_options, JOB_OPTIONS, others=others, found=found)
            checks.instance("server", server, Server, allowed="a VllmServer or another server of this package")
            options = wire_options({**own, "env": {} if env is None else env})
            plan = found.need(
                plan_smoke_test, options, server=server, request=request, model=model, prompt=prompt, api_key=api_key,
                ca=ca, verify_tls=verify_tls, timeout_seconds=timeout_seconds, image=image, env=options.pop("env"),
                server_options=server.pod_options, namespace=namespace,
            )  # fmt: skip

        super().__init__(scope, id)
        self.labels = labels_of_test(server)
        self.job: cdk8s.ApiObject = add_job(self, scope, id, plan, name=name)
        self._server, self._namespace = server, namespace
        path = self.node.path
        registry.add_advice(lambda _root: without_pods(server, path))
        ask_policies(registry, lambda policies: kept_out(server, plan, policies, path=path, namespace=namespace))

    @property
    def name(self) -> str:
        """The Job's name."""
        return self.job.name

    @cached_property
    def pods(self) -> kplus.Pods:
        """The test's pods, for network policies that let them reach the server."""
        elsewhere = None
        if self._namespace is not None and self._namespace != self._server.namespace:
            # Without a namespace, pods are those of the policy's own.
            elsewhere = kplus.Namespaces.select(self, "Namespace", names=[self._namespace])
        return kplus.Pods.select(self, "Pods", labels=self.labels, namespaces=elsewhere)
