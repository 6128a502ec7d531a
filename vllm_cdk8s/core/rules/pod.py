"""The rules VC2xx: the pod and its GPUs."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"
_VLLM = "https://docs.vllm.ai/en/latest/"

TOO_FEW_GPUS = Rule(
    code="VC201",
    name="too-few-gpus",
    title="The parallel sizes ask for more GPUs than the pods have",
    why="vLLM waits for, or fails on, devices that are not there.",
    mend="Lower the parallel sizes or raise the number of GPUs.",
)
IDLE_GPUS = Rule(
    code="VC202",
    name="idle-gpus",
    title="The parallel sizes ask for fewer GPUs than the pods have",
    why="The others are paid for and do nothing.",
    mend="Raise tensor_parallel_size, or lower the number of GPUs.",
    in_manifests="Raise --tensor-parallel-size, or lower the number of GPUs.",
)
NO_GPU = Rule(
    code="VC203",
    name="no-gpu",
    title="Nothing is said about GPUs",
    why="The pod may see none, and vLLM stops.",
    mend="Ask for GPUs, or say that there are none where the image is for the CPU.",
    source=f"{_K8S}tasks/manage-gpus/scheduling-gpus/",
)
SHARED_MEMORY = Rule(
    code="VC204",
    name="shared-memory",
    title="Several GPUs share the 64 MiB of /dev/shm that a container has",
    why="NCCL and vLLM's own message queues live there; vLLM dies with a bus error.",
    mend="Mount an emptyDir of medium Memory with a size limit at /dev/shm.",
    source=f"{_VLLM}deployment/k8s/",
)
VISIBLE_DEVICES_RULE = Rule(
    code="VC205",
    name="visible-devices",
    title="A variable hides GPUs that the server needs",
    why="vLLM sees fewer devices than its parallel sizes ask for, and stops.",
    mend="Leave the variable to the device plugin.",
)
GPU_MEMORY = Rule(
    code="VC206",
    name="gpu-memory",
    title="The model does not fit into the memory of its GPUs",
    why="vLLM stops with 'CUDA out of memory', or for want of room for one sequence.",
    mend="Use more or larger GPUs, fewer bits per weight, or a shorter context.",
)
GPU_MEMORY_TIGHT = Rule(
    code="VC207",
    name="gpu-memory-tight",
    title="The model may not fit into the memory of its GPUs",
    why="The estimate is within its margin of error.",
    mend="Try it before relying on it, or leave more room.",
)
HOST_MEMORY = Rule(
    code="VC208",
    name="host-memory",
    title="The memory limit is below what the container needs",
    why="The kernel kills the process (OOMKilled) while it loads or offloads.",
    mend="Raise the memory limit.",
)
NOT_A_GPU_COUNT = Rule(
    code="VC209",
    name="device-count",
    title="Devices are counted in whole numbers, and requests equal limits",
    why="The API server refuses anything else for extended resources.",
    mend="Say a whole number as the limit, and leave the request out.",
    source=f"{_K8S}concepts/configuration/manage-resources-containers/#extended-resources",
)
VENDOR = Rule(
    code="VC210",
    name="wrong-vendor",
    title="The image is built for the GPUs of another vendor",
    why="vLLM finds no device that it can use.",
    mend="Use the image of the vendor whose GPUs the pod asks for.",
)
TPU_TOPOLOGY = Rule(
    code="VC255",
    name="tpu-topology",
    title="The pod does not say, or says wrongly, how its TPUs are arranged",
    why="GKE finds a node by both labels, and gives a pod the chips of a whole machine: it stays Pending.",
    mend="Set cloud.google.com/gke-tpu-accelerator and gke-tpu-topology, whose product is the number of chips.",
    source="https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus",
)
VENDORS_RUNTIME = Rule(
    code="VC256",
    name="vendors-runtime-class",
    title="The runtime class is that of another vendor's devices",
    why="The node has no such runtime, and the pod does not start; or it has, and vLLM sees no device.",
    mend="Leave the runtime class out, or use the one of the vendor whose devices the pod asks for.",
    source=f"{_K8S}concepts/containers/runtime-class/",
)
DUPLICATE_VARIABLE = Rule(
    code="VC211",
    name="duplicate-variable",
    title="A container has the same environment variable twice",
    why="The last one wins, and a reader sees the first.",
    mend="Keep one.",
)
SHARED_GPU = Rule(
    code="VC212",
    name="gpu-share",
    title="vLLM takes more of the GPU than its share",
    why="Nothing enforces the share, so vLLM takes its neighbours' memory.",
    mend="Set gpu_memory_utilization to the share.",
    in_manifests="Set --gpu-memory-utilization to the share.",
)
CPU_KV_CACHE = Rule(
    code="VC213",
    name="cpu-kv-cache",
    title="The CPU back end is not told how much memory its KV cache may take",
    why="It counts the node's memory and not the container's, and is killed.",
    mend="Set VLLM_CPU_KVCACHE_SPACE, in GiB, below the memory limit.",
    source=f"{_VLLM}getting_started/installation/cpu/",
)
FLOATING_TAG = Rule(
    code="VC220",
    name="floating-tag",
    title="The image's tag is one that moves",
    why="A restarted pod may run another vLLM than its neighbour: options and metrics change, and compiled caches are "
    "not reused.",
    mend="Name a release, such as vllm/vllm-openai:v0.20.2.",
    source=f"{_K8S}concepts/containers/images/#image-names",
)
INSTALLS_AT_START = Rule(
    code="VC221",
    name="installs-at-start",
    title="The container installs packages at each start",
    why="Every restart waits for somebody else's server, may get other versions, and fails without the network.",
    mend="Build an image that holds them.",
)
OFFLOAD_IN_SHM = Rule(
    code="VC222",
    name="offload-in-shared-memory",
    title="The KV cache is offloaded into more /dev/shm than there is",
    why="vLLM keeps offloaded blocks in a file there, and stops, or is killed, when it is full.",
    mend="Give the volume at /dev/shm more than the offloaded size.",
)
POD_PART = Rule(
    code="VC223",
    name="pod-part",
    title="Kubernetes does not take this part of a pod",
    why="The API server refuses the pod, or drops a field that it does not know without a word; some of it only the "
    "node refuses, and the container never starts.",
    mend="Correct the field that the message names, as the reference of the Kubernetes API has it.",
    source=f"{_K8S}reference/kubernetes-api/",
)
