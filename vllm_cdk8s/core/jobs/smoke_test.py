"""A Job that asks a server for its health, its models and one answer, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm_cdk8s.core.errors import Collector, ConflictError, Problem, mention, warn
from vllm_cdk8s.core.jobs.job import INSTANCE_LABEL, NAME_LABEL, JobPlan, Program, job_pod, plan_job
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot, no_privileges
from vllm_cdk8s.core.rules.book import KEPT_OUT, NO_PODS, OTHER_NAMESPACE, TRUSTS_ANYBODY
from vllm_cdk8s.core.traffic.network_policy import keeping_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vllm_cdk8s.core.server.serving import Serving
    from vllm_cdk8s.core.traffic.network_policy import Wire

_REQUESTS = ("completion", "chat", "embedding", "none")
# Beyond the start-up budget: pulling an image, scheduling, a rollout's last pod.
_MARGIN_SECONDS = 600
_NOBODY = 65534


def labels_of_test(server: Serving) -> dict[str, str]:
    """The labels of a test's pods."""
    return {NAME_LABEL: "vllm-smoke-test", INSTANCE_LABEL: server.instance}


def plan_smoke_test(
    options: Mapping[str, Any],
    *,
    server: Serving,
    request: str | None,
    model: str | None,
    prompt: str,
    api_key: SecretKey | None,
    ca: SecretKey | None,
    verify_tls: bool,
    timeout_seconds: int | None,
    image: str | None,
    env: Mapping[str, Any],
    server_options: Mapping[str, Any],
    namespace: str | None,
) -> JobPlan:
    """The Job; `SmokeTest` documents its options.

    Args:
        options: the user's options of the Job.
        server: the server.
        request: what to ask.
        model: the model to ask.
        prompt: the prompt.
        api_key: the server's API key.
        ca: certificates to trust.
        verify_tls: whether to trust only them.
        timeout_seconds: how long to wait.
        image: the container image.
        env: the user's variables.
        server_options: the options of the server's pods, from which key and registry are taken.
        namespace: the test's own.

    Raises:
        InvalidOptionError: an option has a value that is wrong by itself.
        ConflictError: the server's API key is in another namespace.
    """
    options = dict(options)
    most = checks.MAX_INT32 - _MARGIN_SECONDS
    key = api_key if api_key is not None else server_options.get("api_key")
    with Collector() as found:
        seconds = _MARGIN_SECONDS + server.startup_seconds
        if timeout_seconds is not None:
            seconds = found.need(checks.integer, "timeout_seconds", timeout_seconds, minimum=1, maximum=most)
        asked = server.served_model_name if model is None else found.need(checks.text, "model", model)
        arguments = [
            f"--url={server.url}",
            f"--model={asked}",
            f"--request={found.need(_request, request, server)}",
            f"--prompt={found.need(checks.text, 'prompt', prompt)}",
            f"--timeout={seconds}",
        ]
        found.attempt(checks.boolean, "verify_tls", verify_tls)
        variables: dict[str, Any] = found.need(checks.string_keys, "env", env)
        for option, secret in (("api_key", key), ("ca", ca)):
            found.given(checks.instance, option, secret, SecretKey, allowed='SecretKey("name", "key")')
    if not verify_tls:
        warn(
            f"False trusts any certificate, and sends the API key to whoever answers; give {mention('ca=')} instead",
            option="verify_tls",
            rule=TRUSTS_ANYBODY,
        )
        arguments.append("--insecure")
    for secret, variable in ((key, "SMOKE_TEST_API_KEY"), (ca, "SMOKE_TEST_CA")):
        if secret is not None:
            variables[variable] = secret.wire()
    if image is None:
        image = server.image
        if server_options.get("image_pull_secrets"):
            options.setdefault("image_pull_secrets", server_options["image_pull_secrets"])
    if key is not None and api_key is None and namespace != server.namespace:
        raise ConflictError(
            f"the server's is in namespace {server.namespace!r}, the test in {namespace!r}; a pod can only read "
            "Secrets of its own namespace, so give it api_key=SecretKey(...) there",
            option="api_key",
            rule=OTHER_NAMESPACE,
        )
    if namespace is not None and server.namespace is None:
        warn(
            f"the chart of {server.path} has no namespace, so that a test in {namespace!r} finds it only if it is "
            "deployed there",
            option="server",
            rule=OTHER_NAMESPACE,
        )
    labels = labels_of_test(server)
    program = Program(name="smoke-test", source="smoke_test", arguments=arguments, image=image, env=variables)
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": seconds + _MARGIN_SECONDS,
        "template": job_pod(_restricted(options), program=program, labels=labels),
    }
    return plan_job(options, spec=spec, labels=labels, subject=server.pod_templates)


def without_pods(server: Serving, path: str) -> list[Problem]:
    """The warning that a test may find no pod."""
    if server.min_replicas > 0 or NO_PODS.code in server.acknowledged:
        return []
    what = f"{server.path} may have no pods, and then the test {path} fails"
    return [Problem(what=what, rule=NO_PODS, severity="warning", option="server")]


def kept_out(
    server: Serving, plan: JobPlan, policies: Sequence[Wire], *, path: str, namespace: str | None
) -> Problem | None:
    """The warning that the app's NetworkPolicies keep a test from its server."""
    names = keeping_out(server, plan.spec["template"]["metadata"]["labels"], policies, namespace=namespace)
    if names is None:
        return None
    what = (
        f"NetworkPolicy {names} keeps the pods of {path} from {server.path}, so that the test fails; allowed: its "
        ".pods among the clients of the ServerNetworkPolicy, or its namespace"
    )
    return Problem(what=what, rule=KEPT_OUT, severity="warning", option="server")


def _restricted(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, as nobody and with no rights where they do not say otherwise; None takes a field away."""
    nobody = NonRoot(uid=_NOBODY, gid=_NOBODY)
    pod_context = nobody.pod_context()
    del pod_context["fsGroup"], pod_context["fsGroupChangePolicy"]  # it has no volumes
    if "non_root" in options:
        pod_context = {}
    merged = dict(options)
    for option, base in (("pod_security_context", pod_context), ("security_context", no_privileges())):
        checks.mapping(option, options.get(option, {}))
        merged[option] = {**base, **options.get(option, {})}
    return merged


def _request(request: str | None, server: Serving) -> str:
    if request is None:
        settings = server.engine.settings
        return "embedding" if settings.get("runner") == "pooling" or settings.get("task") == "embed" else "completion"
    return checks.one_of("request", request, _REQUESTS, what="a request")
