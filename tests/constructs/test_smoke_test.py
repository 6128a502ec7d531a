import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cdk8s
import cdk8s_plus_27 as kplus
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.pod_security_standards import strictest_level
from tests.synthesis import PLAIN, Document, assert_golden, new_chart, of_kind, the, to_yaml
from vllm_cdk8s.constructs.network import ServerNetworkPolicy
from vllm_cdk8s.constructs.probes import SlowStartProbes
from vllm_cdk8s.constructs.queue_autoscaler import QueueAutoscaler
from vllm_cdk8s.constructs.server import VllmServer
from vllm_cdk8s.constructs.smoke_test import SmokeTest
from vllm_cdk8s.core.errors import ConflictError, InvalidOptionError, VllmCdk8sWarning
from vllm_cdk8s.core.pod import programs
from vllm_cdk8s.core.pod.secret_key import SecretKey
from vllm_cdk8s.core.pod.security import NonRoot

# The program itself, run by a real Python against a real HTTP server on the loopback.

Answer = tuple[int, Any]
MODELS: Answer = (200, {"object": "list", "data": [{"id": "qwen"}, {"id": "sql"}]})
COMPLETION: Answer = (200, {"choices": [{"index": 0, "text": " there"}]})
# Made for this: it guards nothing but 127.0.0.1 in these tests.
CERTIFICATE = Path(__file__).parents[1] / "tls" / "loopback.pem"
HEALTHY: dict[str, Answer] = {"/health": (200, ""), "/v1/models": MODELS, "/v1/completions": COMPLETION}


class Fake:
    """A server that gives prepared answers and remembers what it was asked."""

    def __init__(self, answers: dict[str, Answer], *, key: str | None, sick_for: int) -> None:
        self.answers, self.key, self.sick_for = answers, key, sick_for
        self.asked: list[tuple[str, Any]] = []
        self.url = ""

    def answer(self, path: str, authorization: str | None, body: bytes) -> Answer:
        self.asked.append((path, json.loads(body) if body else None))
        if path == "/health" and self.sick_for > 0:
            self.sick_for -= 1
            return 503, ""
        if path.startswith("/v1") and self.key is not None and authorization != f"Bearer {self.key}":
            return 401, {"error": "Unauthorized"}
        return self.answers.get(path, (404, {"detail": "Not Found"}))


@contextmanager
def serving(
    answers: dict[str, Answer], *, key: str | None = None, sick_for: int = 0, tls: bool = False
) -> Iterator[Fake]:
    fake = Fake(answers, key=key, sick_for=sick_for)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = fake.answer(self.path, self.headers.get("Authorization"), body)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(url: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", programs.source("smoke_test"), f"--url={url}", "--model=qwen", "--timeout=0.5",
         "--interval=0.05", "--request-timeout=5", *arguments],
        env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    return result.stderr.splitlines()[-1]


def test_the_program_passes_where_all_is_well() -> None:
    with serving(HEALTHY) as fake:
        result = run(fake.url, "--prompt=Say hello")
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[1:] == [
        "smoke-test: healthy",
        "smoke-test: serves qwen",
        "smoke-test: answered to a completion: ' there'",
        "smoke-test: PASSED",
    ]
    assert fake.asked == [
        ("/health", None),
        ("/v1/models", None),
        ("/v1/completions", {"model": "qwen", "prompt": "Say hello", "max_tokens": 8, "temperature": 0}),
    ]


def test_the_program_waits_until_the_server_is_healthy() -> None:
    with serving(HEALTHY, sick_for=3) as fake:
        result = run(fake.url, "--timeout=20")
    assert result.returncode == 0, result.stderr
    assert [path for path, _ in fake.asked].count("/health") == 4
    assert result.stderr.count("not healthy yet: status 503") == 1


def test_the_program_gives_up_on_a_server_that_is_never_healthy() -> None:
    with serving(HEALTHY, sick_for=10**9) as fake:
        result = run(fake.url)
    assert result.returncode == 3
    assert last_line(result) == (f"smoke-test: FAILED: {fake.url}/health: not healthy within 0.5 s; last: status 503")


def test_the_program_gives_up_on_a_server_that_is_not_there() -> None:
    with serving(HEALTHY) as fake:
        pass
    result = run(fake.url)
    assert result.returncode == 3
    assert "Connection refused" in last_line(result)


def test_the_program_gives_up_on_what_does_not_speak_http() -> None:
    with serving(HEALTHY) as fake:
        result = run(fake.url.replace("http://", "https://"))
    assert result.returncode == 3
    assert "FAILED" in last_line(result)


def test_the_program_trusts_the_authority_that_it_is_given() -> None:
    with serving(HEALTHY, tls=True) as fake:
        result = run(fake.url, SMOKE_TEST_CA=CERTIFICATE.read_text())
    assert result.returncode == 0, result.stderr


def test_the_program_says_at_once_that_it_does_not_trust_a_certificate() -> None:
    with serving(HEALTHY, tls=True) as fake:
        result = run(fake.url, "--timeout=60", SMOKE_TEST_API_KEY="secret")
    assert result.returncode == 3
    assert last_line(result).startswith(f"smoke-test: FAILED: {fake.url}: its certificate is not trusted: ")
    assert fake.asked == []


def test_the_program_trusts_anybody_where_it_is_told_to() -> None:
    with serving(HEALTHY, tls=True) as fake:
        result = run(fake.url, "--insecure")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("key", "code"), [("right", 0), ("wrong", 4), ("", 4)])
def test_the_program_shows_its_key_and_says_when_it_is_refused(key: str, code: int) -> None:
    with serving(HEALTHY, key="right") as fake:
        result = run(fake.url, SMOKE_TEST_API_KEY=key)
    assert result.returncode == code
    if code:
        assert last_line(result) == "smoke-test: FAILED: /v1/models: status 401: the API key is missing or wrong"
    assert "right" not in result.stderr


def test_the_program_misses_a_model_that_is_not_served() -> None:
    with serving(HEALTHY) as fake:
        result = run(fake.url, "--model=llama")
    assert result.returncode == 5
    assert last_line(result) == "smoke-test: FAILED: 'llama' is not served; served: qwen, sql"
    assert [path for path, _ in fake.asked] == ["/health", "/v1/models"]


MALFORMED: list[tuple[str, Answer, str]] = [
    ("/v1/models", (200, b"<html>a login page</html>"), "/v1/models: not JSON: '<html>a login page</html>'"),
    ("/v1/models", (200, {"models": []}), '/v1/models: not a list of models: {"models": []}'),
    ("/v1/models", (200, [1]), "/v1/models: not a list of models: [1]"),
    ("/v1/models", (404, {"detail": "Not Found"}), '/v1/models: status 404: {"detail": "Not Found"}'),
    ("/v1/completions", (500, {"error": "OOM"}), '/v1/completions: status 500: {"error": "OOM"}'),
    ("/v1/completions", (200, {"choices": []}), '/v1/completions: not an answer to a completion: {"choices": []}'),
    ("/v1/completions", (200, {"choices": [{"text": None}]}), "/v1/completions: not an answer to a completion"),
    ("/v1/completions", (200, None), "/v1/completions: not an answer to a completion: null"),
    ("/v1/completions", (200, b""), "/v1/completions: not JSON: ''"),
]


@pytest.mark.parametrize(("path", "answer", "message"), MALFORMED)
def test_the_program_fails_on_answers_that_are_none(path: str, answer: Answer, message: str) -> None:
    with serving({**HEALTHY, path: answer}) as fake:
        result = run(fake.url)
    assert result.returncode == 6
    assert last_line(result).startswith(f"smoke-test: FAILED: {message}")


OTHER_REQUESTS: list[tuple[str, str, Any, Any, int]] = [
    ("chat", "/v1/chat/completions", {"choices": [{"message": {"content": "Hi"}}]}, "messages", 0),
    ("chat", "/v1/chat/completions", {"choices": [{"text": "Hi"}]}, "messages", 6),
    ("embedding", "/v1/embeddings", {"data": [{"embedding": [0.5, 1]}]}, "input", 0),
    ("embedding", "/v1/embeddings", {"data": [{"embedding": []}]}, "input", 6),
    ("embedding", "/v1/embeddings", {"data": [{"embedding": "AAAA"}]}, "input", 6),
]


@pytest.mark.parametrize(("request_kind", "path", "answer", "field", "code"), OTHER_REQUESTS)
def test_the_program_asks_for_chats_and_embeddings_too(
    request_kind: str, path: str, answer: Any, field: str, code: int
) -> None:
    with serving({**HEALTHY, path: (200, answer)}) as fake:
        result = run(fake.url, f"--request={request_kind}")
    assert result.returncode == code, result.stderr
    asked, body = fake.asked[-1]
    assert asked == path
    assert field in body


def test_the_program_can_ask_nothing_more_than_the_models() -> None:
    with serving(HEALTHY) as fake:
        result = run(fake.url, "--request=none")
    assert result.returncode == 0
    assert [path for path, _ in fake.asked] == ["/health", "/v1/models"]


@pytest.mark.parametrize("arguments", [["--request=compleet"], ["--url=file:///etc/passwd"], ["--timeout=soon"]])
def test_the_program_refuses_arguments_that_are_none(arguments: list[str]) -> None:
    result = run("http://127.0.0.1:1", *arguments)
    assert result.returncode == 2
    assert arguments[0].partition("=")[0] in last_line(result)


# The Job.


def server(chart: cdk8s.Chart, **options: Any) -> VllmServer:
    built = VllmServer(chart, "qwen", **{**PLAIN, "name": "qwen", **options})
    if "api_key" in options:
        opened = kplus.NetworkPolicyTraffic(default=kplus.NetworkPolicyTrafficDefault.ALLOW)
        kplus.NetworkPolicy(chart, "guard", selector=built.pods, ingress=opened)
    return built


def smoke(chart: cdk8s.Chart, tested: VllmServer | None = None, **options: Any) -> SmokeTest:
    return SmokeTest(chart, "smoke", server=tested or server(chart), **options)


def container_of(chart: cdk8s.Chart) -> Document:
    [container] = the(chart, "Job")["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def variables(chart: cdk8s.Chart) -> dict[str, Any]:
    return {item["name"]: item for item in container_of(chart).get("env", [])}


def test_no_server_is_tested_unless_asked_for() -> None:
    chart = new_chart()
    server(chart)
    assert not of_kind(chart, "Job")


def test_the_job_asks_its_server_for_its_model() -> None:
    chart = new_chart(namespace="llm")
    smoke(chart, server(chart, service_port=80, engine_args={"served_model_name": ["qwen", "alias"]}))
    container = container_of(chart)
    assert container["command"] == ["python3", "-c", programs.source("smoke_test")]
    assert container["args"] == [
        "--url=http://qwen.llm:80",
        "--model=qwen",
        "--request=completion",
        "--prompt=Hello",
        "--timeout=1200",
    ]
    assert container["image"] == PLAIN["image"]


def test_the_program_takes_the_arguments_of_the_job() -> None:
    chart = new_chart()
    smoke(chart, prompt='$(HOME) `id` "quotes" ünicode --insecure', model="sql", request="completion")
    # As the kubelet hands them over: $$ is a literal $.
    arguments = [arg.replace("$$(", "$(") for arg in container_of(chart)["args"] if not arg.startswith("--url")]
    with serving(HEALTHY) as fake:
        result = run(fake.url, *arguments)
    assert result.returncode == 0, result.stderr
    assert fake.asked[-1][1]["prompt"] == '$(HOME) `id` "quotes" ünicode --insecure'
    assert fake.asked[-1][1]["model"] == "sql"


def test_tls_of_the_server_is_used_and_its_certificates_are_trusted_by_a_secret() -> None:
    chart = new_chart()
    tested = server(chart, engine_args={"ssl_certfile": "/tls/tls.crt", "ssl_keyfile": "/tls/tls.key"})
    smoke(chart, tested, ca=SecretKey("ca", "ca.crt"))
    assert container_of(chart)["args"][0] == "--url=https://qwen:8000"
    assert "--insecure" not in container_of(chart)["args"]
    assert variables(chart)["SMOKE_TEST_CA"]["valueFrom"] == {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}


def test_trusting_any_certificate_warns() -> None:
    chart = new_chart()
    with pytest.warns(VllmCdk8sWarning, match=r"^verify_tls: False trusts any certificate"):
        smoke(chart, verify_tls=False)
    assert "--insecure" in container_of(chart)["args"]


def test_the_servers_own_key_is_taken_from_its_secret() -> None:
    chart = new_chart()
    smoke(chart, server(chart, api_key=SecretKey("vllm", "key")))
    assert variables(chart)["SMOKE_TEST_API_KEY"]["valueFrom"] == {"secretKeyRef": {"name": "vllm", "key": "key"}}


def test_another_key_may_be_given() -> None:
    chart = new_chart()
    smoke(chart, server(chart, api_key=SecretKey("vllm", "key")), api_key=SecretKey("test", "key"))
    assert variables(chart)["SMOKE_TEST_API_KEY"]["valueFrom"]["secretKeyRef"]["name"] == "test"


def test_a_key_of_another_namespace_cannot_be_read() -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart, api_key=SecretKey("vllm", "key"))
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "tests", namespace="tests")
    with pytest.raises(ConflictError, match=r"^api_key: the server's is in namespace 'llm', the test in 'tests'"):
        SmokeTest(elsewhere, "smoke", server=tested)
    SmokeTest(elsewhere, "other", server=tested, api_key=SecretKey("vllm", "key"))
    assert container_of(chart)["args"][0] == "--url=http://qwen.llm:8000"


def test_the_job_fails_once_and_loudly() -> None:
    chart = new_chart()
    smoke(chart)
    spec = the(chart, "Job")["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert container_of(chart)["terminationMessagePolicy"] == "FallbackToLogsOnError"


@pytest.mark.parametrize(("options", "seconds"), [({}, 1800 + 600), ({"timeout_seconds": 60}, 60)])
def test_the_job_waits_as_long_as_the_server_may_take(options: dict[str, Any], seconds: int) -> None:
    chart = new_chart()
    smoke(chart, server(chart, probes=SlowStartProbes(chart, "probes", max_startup_seconds=1800)), **options)
    assert f"--timeout={seconds}" in container_of(chart)["args"]
    assert the(chart, "Job")["spec"]["activeDeadlineSeconds"] > seconds


def test_any_namespace_lets_the_job_in() -> None:
    chart = new_chart()
    smoke(chart)
    template = the(chart, "Job")["spec"]["template"]
    assert strictest_level(template) == "restricted"
    assert template["spec"]["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in template["spec"]
    assert container_of(chart)["securityContext"]["readOnlyRootFilesystem"] is True


def test_a_user_of_the_users_own_choice_is_taken() -> None:
    chart = new_chart()
    smoke(chart, pod_security_context={"runAsUser": None, "runAsGroup": 7})
    context = the(chart, "Job")["spec"]["template"]["spec"]["securityContext"]
    assert "runAsUser" not in context
    assert context["runAsGroup"] == 7
    other = new_chart()
    smoke(other, non_root=NonRoot(uid=2000))
    assert the(other, "Job")["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 2000
    assert strictest_level(the(other, "Job")["spec"]["template"]) == "restricted"


CHANGES: list[Callable[[], dict[str, Any]]] = [
    lambda: {"image": "vllm/vllm-openai:v0.20.1"},
    lambda: {"engine_args": {"seed": 1}},
    lambda: {"env": {"A": "b"}},
]


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_the_servers_pods_is_tested_anew(change: Callable[[], dict[str, Any]]) -> None:
    charts = [new_chart(), new_chart(), new_chart()]
    names = [smoke(chart, server(chart, **options), name="smoke").name for chart, options in
             zip(charts, ({}, {}, change()), strict=True)]  # fmt: skip
    assert names[0] == names[1]
    assert names[0] != names[2]
    assert names[0] == the(charts[0], "Job")["metadata"]["name"]


def test_a_patch_of_the_pods_is_a_change_and_replicas_are_none() -> None:
    patched, plain, scaled = new_chart(), new_chart(), new_chart()
    tested = server(patched)
    tested.patch_pod("/spec/hostname", "llm")
    names = [smoke(patched, tested).name, smoke(plain, server(plain)).name]
    storage: dict[str, Any] = {"storage": None}
    with pytest.warns(VllmCdk8sWarning, match="ReadWriteOnce"):
        names.append(smoke(scaled, server(scaled, replicas=2, **storage)).name)
    assert names[0] != names[1]
    assert names[1] == names[2]


def test_servers_and_their_services_do_not_take_the_test_for_a_pod_of_theirs() -> None:
    chart = new_chart()
    tested = server(chart)
    test = smoke(chart, tested)
    labels = the(chart, "Job")["spec"]["template"]["metadata"]["labels"]
    assert labels == test.labels
    assert not tested.selector.items() <= labels.items()


def test_a_network_policy_can_let_the_test_in() -> None:
    chart = new_chart()
    tested = server(chart)
    test = smoke(chart, tested)
    policy = kplus.NetworkPolicy(chart, "policy", selector=tested.pods)
    policy.add_ingress_rule(test.pods)
    [rule] = the(chart, "NetworkPolicy")["spec"]["ingress"]
    assert rule["from"][0]["podSelector"]["matchLabels"] == test.labels


@pytest.mark.parametrize(
    ("engine_args", "kind"),
    [({"runner": "pooling"}, "embedding"), ({"runner": "generate"}, "completion"), ({}, "completion")],
)
def test_a_pooling_server_is_asked_for_an_embedding(engine_args: dict[str, Any], kind: str) -> None:
    chart = new_chart()
    smoke(chart, server(chart, engine_args=engine_args))
    assert f"--request={kind}" in container_of(chart)["args"]


def test_the_image_is_pulled_as_the_servers_is_unless_it_is_another() -> None:
    chart, other = new_chart(), new_chart()
    smoke(chart, server(chart, image_pull_secrets=["registry"]))
    smoke(other, server(other, image_pull_secrets=["registry"]), image="python:3.12-slim")
    assert the(chart, "Job")["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert "imagePullSecrets" not in the(other, "Job")["spec"]["template"]["spec"]
    assert container_of(other)["image"] == "python:3.12-slim"


def test_two_servers_have_a_test_each() -> None:
    chart = new_chart()
    for name in ("a", "b"):
        SmokeTest(
            chart, f"smoke-{name}", server=VllmServer(chart, name, **{**PLAIN, "name": name}), name=f"{name}-smoke"
        )
    jobs = of_kind(chart, "Job")
    assert [job["spec"]["template"]["spec"]["containers"][0]["args"][0] for job in jobs] == [
        "--url=http://a:8000", "--url=http://b:8000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"request": "completions"}, r"^request: 'completions' is not a request; .*did you mean 'completion'\?"),
        ({"model": ""}, r"^model: '' is empty"),
        ({"prompt": ""}, r"^prompt: '' is empty"),
        ({"api_key": "sk-x"}, r"^api_key: 'sk-x' is not a SecretKey"),
        ({"ca": "-----BEGIN"}, r"^ca: .* is not a SecretKey"),
        ({"verify_tls": "no"}, r"^verify_tls: 'no' is not a boolean"),
        ({"timeout_seconds": 0}, r"^timeout_seconds: 0 is out of range"),
        ({"ttl_second": 1}, r"^ttl_second: is not an option; did you mean 'ttl_seconds'\?"),
        ({"name": "Smoke"}, r"^name: 'Smoke' is not a DNS label"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOptionError, match=message):
        smoke(new_chart(), **options)


def test_a_server_that_may_have_no_pods_warns() -> None:
    chart = new_chart()
    smoke(chart, server(chart, replicas=0))
    with pytest.warns(VllmCdk8sWarning, match=r"^server: llm/qwen may have no pods, and then the test llm/smoke"):
        to_yaml(chart)


def test_a_server_that_an_autoscaler_puts_to_sleep_after_the_test_was_made_warns() -> None:
    chart = new_chart()
    tested = server(chart)
    smoke(chart, tested)
    QueueAutoscaler(
        chart, "scale", server=tested, prometheus_address="http://prometheus:9090", min_replicas=0, max_replicas=1,
        wake_query="sum(wanted)",
    )  # fmt: skip
    with pytest.warns(VllmCdk8sWarning, match=r"^server: llm/qwen may have no pods"):
        to_yaml(chart)


# Whether a NetworkPolicy lets the test in.


def peer(chart: cdk8s.Chart, test: SmokeTest, kind: str) -> Any:
    return {
        "test": test.pods,
        "namespace": "llm",
        "other-namespace": "web",
        "other-pods": kplus.Pods.select(chart, "web", labels={"app": "web"}),
        "all-pods": kplus.Pods.all(chart, "all"),
        "everybody": kplus.NetworkPolicyIpBlock.any_ipv4(chart, "any"),
        "labelled-namespaces": kplus.Namespaces.select(chart, "spaces", labels={"team": "search"}),
    }[kind]


@pytest.mark.parametrize("kind", ["test", "namespace", "all-pods", "everybody", "labelled-namespaces"])
def test_a_policy_that_lets_the_test_in_or_may_do_so_is_fine(kind: str) -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart)
    test = smoke(chart, tested)
    ServerNetworkPolicy(chart, "policy", server=tested, clients=[peer(chart, test, kind)])
    to_yaml(chart)


@pytest.mark.parametrize("kind", ["other-namespace", "other-pods"])
def test_a_policy_that_keeps_the_test_out_warns_in_whichever_order_they_come(kind: str) -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart)
    policy = kplus.Pods.select(chart, "web", labels={"app": "web"}) if kind == "other-pods" else "web"
    ServerNetworkPolicy(chart, "policy", server=tested, clients=[policy], name="closed")
    smoke(chart, tested)
    with pytest.warns(VllmCdk8sWarning, match=r"^server: NetworkPolicy 'closed' keeps the pods of llm/smoke from"):
        to_yaml(chart)


def test_one_policy_that_lets_the_test_in_is_enough() -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart)
    ServerNetworkPolicy(chart, "web", server=tested, clients=["web"])
    ServerNetworkPolicy(chart, "tests", server=tested, clients=[smoke(chart, tested).pods])
    to_yaml(chart)


def test_a_policy_that_opens_another_port_keeps_the_test_out() -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart)
    test = smoke(chart, tested)
    policy = kplus.NetworkPolicy(chart, "policy", selector=tested.pods)
    policy.add_ingress_rule(test.pods, [kplus.NetworkPolicyPort.tcp_range(9000, 9100)])
    with pytest.warns(VllmCdk8sWarning, match="keeps the pods of llm/smoke"):
        to_yaml(chart)


@pytest.mark.parametrize("port", [kplus.NetworkPolicyPort.tcp_range(7000, 9000), kplus.NetworkPolicyPort.all_tcp()])
def test_a_policy_that_opens_a_range_of_ports_or_all_lets_it_in(port: kplus.NetworkPolicyPort) -> None:
    chart = new_chart(namespace="llm")
    tested = server(chart)
    test = smoke(chart, tested)
    policy = kplus.NetworkPolicy(chart, "policy", selector=tested.pods)
    policy.add_ingress_rule(test.pods, [port])
    to_yaml(chart)


def test_the_pods_of_a_test_in_another_namespace_are_known_there() -> None:
    chart = new_chart(namespace="llm")
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "tests", namespace="tests")
    tested = server(chart)
    test = SmokeTest(elsewhere, "smoke", server=tested)
    ServerNetworkPolicy(chart, "policy", server=tested, clients=[test.pods])
    [rule] = the(chart, "NetworkPolicy")["spec"]["ingress"]
    assert rule["from"][0]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "tests"}}
    assert rule["from"][0]["podSelector"] == {"matchLabels": test.labels}


def test_a_server_whose_namespace_is_not_known_may_not_be_found_from_another() -> None:
    chart = new_chart()
    elsewhere = cdk8s.Chart(cdk8s.App.of(chart), "tests", namespace="tests")
    with pytest.warns(VllmCdk8sWarning, match=r"^server: the chart of llm/qwen has no namespace, so that .* 'tests'"):
        SmokeTest(elsewhere, "smoke", server=server(chart))


def test_what_is_no_server_is_refused() -> None:
    wrong: Any = "http://qwen:8000"
    with pytest.raises(InvalidOptionError, match=r"^server: 'http://qwen:8000' is not a Server"):
        SmokeTest(new_chart(), "smoke", server=wrong)


def test_a_tested_server_is_as_golden(snapshot: SnapshotAssertion) -> None:
    chart = new_chart(namespace="llm")
    smoke(chart, server(chart, api_key=SecretKey("vllm", "key")), name="qwen-smoke")
    assert_golden(chart, snapshot)
