"""SmokeTest: a Job that asks a server for its health, its models and one answer, and fails loudly."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cdk8s_plus_27 as kplus
from constructs import Construct

from vllm_cdk8s.constructs.admission import ask_policies, guards, may_admit
from vllm_cdk8s.constructs.apps import place
from vllm_cdk8s.constructs.job import JOB_OPTIONS, add_job, job_pod, program
from vllm_cdk8s.constructs.server_base import Server
from vllm_cdk8s.core.errors import ConflictError, warn
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot
from vllm_cdk8s.core.server.plan import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import cdk8s
    from constructs import IConstruct
    from typing_extensions import Unpack

    from vllm_cdk8s.constructs.admission import Wire
    from vllm_cdk8s.constructs.job import JobOptions

_NAME_LABEL, _INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
_REQUESTS = ("completion", "chat", "embedding", "none")
# Beyond the start-up budget: pulling an image, scheduling, a rollout's last pod.
_MARGIN_SECONDS = 600
_NOBODY = 65534


class SmokeTest(Construct):
    """A Job that tests one server: ``SmokeTest(self, "smoke-test", server=server)``.

    It waits until ``/health`` answers, finds the model in ``/v1/models``, makes one request, and says in its log what
    it found. It fails, without a second try, with the reason in its last line, in ``kubectl describe pod``, and in its
    exit code: 3 never healthy, 4 API key refused, 5 model not served, 6 no proper answer.

    Its name ends in a digest of the server's pods too, so that each change of the server is tested anew. It knows the
    server as it is by then: make it after the last `VllmServer.patch_pod`. It runs as nobody, with a read-only root
    filesystem and no rights, so that any namespace lets it in.

    Args:
        scope: the construct this one belongs to.
        id: its name there.
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
        **job_options: what may be said of any Job; see `JobOptions`.

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
        options = check_options(job_options, JOB_OPTIONS, others=tuple(SmokeTest.__init__.__kwdefaults__ or ()))
        checks.instance("server", server, Server, allowed="a VllmServer or another server of this package")
        seconds = _MARGIN_SECONDS + server.probes.startup_seconds
        if timeout_seconds is not None:
            seconds = checks.integer("timeout_seconds", timeout_seconds, minimum=1)
        arguments = [
            f"--url={server.url}",
            f"--model={_model(model, server)}",
            f"--request={_request(request, server)}",
            f"--prompt={checks.text('prompt', prompt)}",
            f"--timeout={seconds}",
        ]
        if not checks.boolean("verify_tls", verify_tls):
            warn("verify_tls: False trusts any certificate, and sends the API key to whoever answers; give ca= instead")
            arguments.append("--insecure")
        variables: dict[str, Any] = dict(env or {})
        key = api_key if api_key is not None else server.pod_options.get("api_key")
        for option, secret, variable in (("api_key", key, "SMOKE_TEST_API_KEY"), ("ca", ca, "SMOKE_TEST_CA")):
            if secret is not None:
                allowed = 'SecretKey("name", "key")'
                variables[variable] = checks.instance(option, secret, SecretKey, allowed=allowed).wire()
        if image is None:
            image = server.image
            pull_secrets = server.pod_options.get("image_pull_secrets", ())
            if pull_secrets:
                options.setdefault("image_pull_secrets", pull_secrets)

        super().__init__(scope, id)
        registry, namespace = place(scope)
        if key is not None and api_key is None and namespace != server.namespace:
            raise ConflictError(
                f"the server's is in namespace {server.namespace!r}, the test in {namespace!r}; a pod can only read "
                "Secrets of its own namespace, so give it api_key=SecretKey(...) there",
                option="api_key",
            )
        if namespace is not None and server.namespace is None:
            warn(
                f"server: the chart of {server.node.path} has no namespace, so that a test in {namespace!r} finds it "
                "only if it is deployed there"
            )
        self.labels = {_NAME_LABEL: "vllm-smoke-test", _INSTANCE_LABEL: server.instance}
        container = program(
            options, name="smoke-test", source="smoke_test", arguments=arguments, image=image, env=variables
        )
        template = job_pod(_restricted(options), container=container, labels=self.labels)
        spec = {
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds + _MARGIN_SECONDS,
            "template": template,
        }
        self.job: cdk8s.ApiObject = add_job(
            self, scope, name=name, options=options, spec=spec, labels=self.labels,
            subject=server.pod_templates,
        )  # fmt: skip
        self._server, self._namespace = server, namespace
        registry.add_advice(self._without_pods)
        ask_policies(registry, self._kept_out)

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

    def _without_pods(self, _root: IConstruct) -> list[str]:
        # Only some servers know how few pods they may have, and an autoscaler may have come after the test.
        if getattr(self._server, "min_replicas", 1) > 0:
            return []
        return [f"server: {self._server.node.path} may have no pods, and then the test {self.node.path} fails"]

    def _kept_out(self, policies: Sequence[Wire]) -> str | None:
        server = self._server
        closed = guards(server, policies)
        if not closed:
            return None
        port = int(server.engine.settings["port"])
        labels = self.job.to_json()["spec"]["template"]["metadata"]["labels"]
        if any(may_admit(policy, self._namespace, labels, port) for policy in closed):
            return None
        names = ", ".join(repr(policy["metadata"]["name"]) for policy in closed)
        return (
            f"server: NetworkPolicy {names} keeps the pods of {self.node.path} from {server.node.path}, so that the "
            "test fails; allowed: its .pods among the clients of the ServerNetworkPolicy, or its namespace"
        )


def _restricted(options: JobOptions) -> JobOptions:
    """The options, as nobody and with no rights where they do not say otherwise; None takes a field away."""
    nobody = NonRoot(uid=_NOBODY, gid=_NOBODY)
    pod_context = nobody.pod_context()
    del pod_context["fsGroup"], pod_context["fsGroupChangePolicy"]  # it has no volumes
    if "non_root" in options:
        pod_context = {}
    container_context = {**nobody.container_context(), "readOnlyRootFilesystem": True}
    return {
        **options,
        "pod_security_context": {**pod_context, **options.get("pod_security_context", {})},
        "security_context": {**container_context, **options.get("security_context", {})},
    }


def _request(request: str | None, server: Server) -> str:
    if request is None:
        settings = server.engine.settings
        return "embedding" if settings.get("runner") == "pooling" or settings.get("task") == "embed" else "completion"
    return checks.one_of("request", request, _REQUESTS, what="a request")


def _model(model: str | None, server: Server) -> str:
    return server.engine.served_model_name if model is None else checks.text("model", model)
