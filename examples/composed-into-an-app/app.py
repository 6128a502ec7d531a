"""A chat application with a model of its own: vLLM is one construct among others, and they refer to each other."""

import cdk8s_plus_27 as kplus
from cdk8s import ApiObjectMetadata, App, Chart
from constructs import Construct

# Typed bindings, made by `cdk8s import` from the schemas of the Gateway API: for objects that are the app's own.
from imports.io.k8s.networking import gateway as gw
from vllm_cdk8s import Alerts, GatewayRef, HTTPRoute, SecretKey, ServerNetworkPolicy, ServiceMonitor, VllmServer

GATEWAY, GATEWAY_NAMESPACE = "public", "gateways"  # the platform's own, there already
FOUND_BY = {"release": "kube-prometheus-stack"}


class ChatUi(Construct):
    """Somebody else's construct: a web page that talks to any OpenAI-compatible API, and knows nothing of vLLM."""

    def __init__(self, scope: Construct, id: str, *, api_url: str, model: str, key: SecretKey, host: str) -> None:
        super().__init__(scope, id)
        secret = kplus.Secret.from_secret_name(self, "key", str(key.secret))
        self.deployment = kplus.Deployment(
            self, "web", metadata=ApiObjectMetadata(name="chat-ui"), replicas=2,
            security_context=kplus.PodSecurityContextProps(user=1000, group=1000),
        )  # fmt: skip
        self.deployment.add_container(
            name="web", image="registry.example.com/chat-ui:1.4.0", port_number=8080,
            env_variables={
                "OPENAI_BASE_URL": kplus.EnvValue.from_value(f"{api_url}/v1"),
                "OPENAI_MODEL": kplus.EnvValue.from_value(model),
                "OPENAI_API_KEY": kplus.EnvValue.from_secret_value(kplus.SecretValue(secret=secret, key=key.key)),
            },
            security_context=kplus.ContainerSecurityContextProps(user=1000, group=1000),
        )  # fmt: skip
        service = self.deployment.expose_via_service(
            name="chat-ui", ports=[kplus.ServicePort(port=80, target_port=8080)]
        )
        gw.HttpRoute(
            self, "route", metadata=ApiObjectMetadata(name="chat-ui"),
            spec=gw.HttpRouteSpec(
                parent_refs=[gw.HttpRouteSpecParentRefs(name=GATEWAY, namespace=GATEWAY_NAMESPACE)],
                hostnames=[host],
                rules=[gw.HttpRouteSpecRules(
                    backend_refs=[gw.HttpRouteSpecRulesBackendRefs(name=service.name, port=80)]
                )],
            ),
        )  # fmt: skip


class ChatApp(Chart):
    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, namespace="chat")

        key = SecretKey("llm-api-key", "key")
        llm = VllmServer(
            self, "llm", name="llm", model="Qwen/Qwen2.5-7B-Instruct", image="vllm/vllm-openai:v0.20.2", gpus=1,
            engine_args={"max_model_len": 8192, "served_model_name": "chat"}, api_key=key, drain_seconds=60,
        )  # fmt: skip
        ui = ChatUi(self, "ui", api_url=llm.url, model="chat", key=key, host="chat.example.com")

        # The API for everybody else who has the key. Only /v1 goes through: the rest of vLLM's paths asks for no key.
        gateway = GatewayRef(name=GATEWAY, namespace=GATEWAY_NAMESPACE)
        HTTPRoute(self, "api", name="llm-api", gateways=[gateway], backends=[llm], hostnames=["llm.example.com"])
        # kplus's own workloads are peers: their pods may send requests, and so may the gateway's.
        ServerNetworkPolicy(
            self, "policy", server=llm, name="llm", clients=[ui.deployment, GATEWAY_NAMESPACE], scrapers=["monitoring"]
        )
        ServiceMonitor(self, "scrape", server=llm, name="llm", labels=FOUND_BY)
        Alerts(self, "alerts", server=llm, name="llm", labels=FOUND_BY)


app = App()
ChatApp(app, "chat")
app.synth()
