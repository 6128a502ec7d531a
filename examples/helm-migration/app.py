"""A Helm release becomes a cdk8s app: the same values, names and claim, and then what a values file cannot say."""

from pathlib import Path

from cdk8s import App, JsonPatch

from vllm_cdk8s import ServerNetworkPolicy, VllmChart

app = App()

# Release, namespace and values as in `helm install my-vllm ... --namespace inference -f values.yaml`. The objects get
# the names, labels and selectors that the release has, so the claim with the downloaded models stays the same one.
chart = VllmChart(app, "my-vllm", namespace="inference", values=Path(__file__).parent / "values.yaml")

# From here on it is Python: the server, its pods and its objects are at hand.
ServerNetworkPolicy(
    chart,
    "policy",
    server=chart.server,
    name="my-vllm",
    clients=["ingress-nginx"],  # namespaces, all of whose pods may send requests
    scrapers=["monitoring"],
)
chart.server.deployment.add_json_patch(JsonPatch.add("/spec/revisionHistoryLimit", 3))

app.synth()
