"""The rules VC1xx: the engine's settings."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_VLLM = "https://docs.vllm.ai/en/latest/"

ENGINE_OPTION = Rule(
    code="VC101",
    name="unknown-engine-option",
    title="vLLM has no such option in this release",
    why="vLLM's parser exits with an error, and the container restarts for ever.",
    mend="Use the name that this release has; unchecked_args (in values vllm.uncheckedArgs) passes on what is newer.",
    in_manifests="Use the name that this release has, or the image of a release that has this one.",
    source=f"{_VLLM}cli/serve/",
)
ENGINE_VALUE = Rule(
    code="VC102",
    name="engine-value",
    title="vLLM does not take this value for this option",
    why="vLLM's parser or its configuration refuses it at start-up, after the image was pulled and a GPU was taken.",
    mend="Use a value that this release allows.",
    source=f"{_VLLM}configuration/engine_args/",
)
ENGINE_CONFLICT = Rule(
    code="VC103",
    name="engine-conflict",
    title="Settings of vLLM exclude or need one another",
    why="vLLM stops when it checks its configuration.",
    mend="Change one of the settings that the message names.",
)
CONTEXT_BEYOND_MODEL = Rule(
    code="VC104",
    name="context-beyond-model",
    title="The context is longer than the model has positions",
    why="vLLM refuses to start: 'User-specified max_model_len is greater than the derived max_model_len'.",
    mend="Lower max_model_len to the model's own limit.",
    in_manifests="Lower --max-model-len to the model's own limit.",
    source=f"{_VLLM}configuration/engine_args/",
)
HEADS = Rule(
    code="VC105",
    name="heads-not-divisible",
    title="The tensor parallel size does not divide the model's attention heads",
    why="vLLM refuses to start: each rank must hold the same number of heads.",
    mend="Choose a divisor, and spread over more GPUs by pipeline_parallel_size.",
    in_manifests="Choose a divisor, and spread over more GPUs by --pipeline-parallel-size.",
)
MODEL_NAME = Rule(
    code="VC106",
    name="model-name",
    title="The model is neither a name on the Hugging Face Hub nor a path",
    why="vLLM cannot download it and stops.",
    mend="Say organisation/name, or the path of a folder in the container.",
)
NEVER_READY = Rule(
    code="VC107",
    name="never-ready",
    title="vLLM will not listen where its probes and clients ask",
    why="The probes fail until the kubelet restarts the container, for ever.",
    mend="Leave out the setting that the message names.",
)
ENVIRONMENT = Rule(
    code="VC108",
    name="engine-variable",
    title="vLLM does not know this environment variable, or not this value",
    why="vLLM ignores a VLLM_ variable that it does not know, with one line in its log; a wrong value stops it.",
    mend="Use the name that this release has.",
    source=f"{_VLLM}configuration/env_vars/",
)
VLLM_PORT = Rule(
    code="VC109",
    name="vllm-port",
    title="VLLM_PORT is set, by hand or by the links of a Service",
    why="vLLM reads it as the first of its internal ports; a Service named 'vllm' sets it to an address.",
    mend="Set enableServiceLinks: false on the pod, and never VLLM_PORT.",
    source=f"{_VLLM}configuration/env_vars/",
)
DEPRECATED = Rule(
    code="VC110",
    name="deprecated-option",
    title="vLLM says that it will remove this option",
    why="The next upgrade of the image will not start.",
    mend="Use what the message names in its place.",
)
SHORT_CONTEXT = Rule(
    code="VC111",
    name="short-context",
    title="The default context is much shorter than the model's own",
    why="Requests beyond it are refused although there is room for them.",
    mend="Set max_model_len.",
    in_manifests="Set --max-model-len.",
)
NOT_EXPANDED = Rule(
    code="VC112",
    name="not-expanded",
    title="A text looks like a reference to a variable and arrives as it is written",
    why="No shell and no kubelet expands it, unlike in the chart that this package succeeds.",
    mend="Write the value itself.",
)
SERVE_MODEL = Rule(
    code="VC120",
    name="serve-model-option",
    title="vllm serve is given its model by --model",
    why="Releases before 0.11.1 stop with an error; later ones warn that the option will go.",
    mend="Write the model right behind 'vllm serve'.",
    source=f"{_VLLM}cli/serve/",
)
KV_OFFLOAD = Rule(
    code="VC130",
    name="kv-offload",
    title="KV cache cannot be offloaded the way that was asked for",
    why="vLLM stops at its start: it has one KV connector, which needs a GPU and the host memory of one node.",
    mend="Keep one connector, and as many GPUs for each copy of the model as one node has.",
    source=f"{_VLLM}features/kv_offloading_usage/",
)
KV_TRANSFER = Rule(
    code="VC131",
    name="kv-transfer",
    title="Prefill and decode would not understand each other's KV cache",
    why="vLLM refuses the transfer (NIXL compatibility hash mismatch), or reads blocks of another layout.",
    mend="Run both with the same release, model, block size and types.",
    source=f"{_VLLM}features/nixl_connector_usage/",
)
EXAMPLE_CONNECTOR = Rule(
    code="VC132",
    name="example-connector",
    title="KV cache is passed on as files by vLLM's example of a connector",
    why="It is for trying out: each block crosses a file system, and nobody deletes the files.",
    mend="Use Nixl() where the image and the network have it.",
    source=f"{_VLLM}features/disagg_prefill/",
)
STREAMED_WEIGHTS = Rule(
    code="VC155",
    name="streamed-weights",
    title="The weights cannot be streamed the way that was asked for",
    why="vLLM stops at its start, or loads them in another way than was meant.",
    mend="Use what the message names: another release, another load format, or a setting less.",
    source=f"{_VLLM}models/extensions/runai_model_streamer/",
)
LOAD_BALANCING = Rule(
    code="VC133",
    name="data-parallel-load-balancing",
    title="The way in which copies of the model share requests does not fit the pods",
    why="vLLM refuses to start, or some of its API servers never get a request.",
    mend="Change the setting that the message names.",
    source=f"{_VLLM}serving/data_parallel_deployment/",
)
SIDE_CHANNEL = Rule(
    code="VC134",
    name="nixl-side-channel",
    title="Nobody finds the side channel at which NIXL says what may be read",
    why="Its address is 'localhost' unless told otherwise, and the pod that is to read the KV cache dials itself.",
    mend="Set VLLM_NIXL_SIDE_CHANNEL_HOST from the field status.podIP.",
    source=f"{_VLLM}features/nixl_connector_usage/",
)
VOCABULARY = Rule(
    code="VC160",
    name="vocabulary-not-divisible",
    title="The tensor parallel size does not divide the model's vocabulary",
    why="vLLM pads the vocabulary to whole 64, gives each rank an equal part, and stops where it cannot.",
    mend="Choose a divisor, a power of two as a rule, and spread over more GPUs by pipeline_parallel_size.",
)
