"""One of the three programs that are compared: a chat server, by this package."""

from cdk8s import Chart

from vllm_cdk8s import VllmServer


def add_server(chart: Chart, index: int, *, named: bool) -> None:
    VllmServer(
        chart,
        f"server-{index}",
        name=f"server-{index}" if named else None,
        model="Qwen/Qwen2.5-7B-Instruct",
        image="vllm/vllm-openai:v0.20.2",
        gpus=1,
        engine_args={"max_model_len": 8192},
    )
