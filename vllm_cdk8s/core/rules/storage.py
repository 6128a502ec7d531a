"""The rules VC3xx: storage."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"

CLAIM_TOO_SMALL = Rule(
    code="VC301",
    name="claim-too-small",
    title="The claim is smaller than the model's files",
    why="The download fails with 'No space left on device', after most of it was downloaded.",
    mend="Raise the claim's size.",
)
SINGLE_NODE_CLAIM = Rule(
    code="VC302",
    name="single-node-claim",
    title="Several pods mount a claim that one node, or one pod, can mount",
    why="Pods on other nodes wait for ever (Multi-Attach error).",
    mend="Use a ReadWriteMany claim, or keep the pods on one node.",
    source=f"{_K8S}concepts/storage/persistent-volumes/#access-modes",
)
OTHER_NAMESPACE = Rule(
    code="VC303",
    name="other-namespace",
    title="A pod refers to something in another namespace",
    why="Claims, Secrets and ConfigMaps can only be used within their own namespace.",
    mend="Put both into one namespace.",
)
NOTHING_KEPT = Rule(
    code="VC304",
    name="nothing-kept",
    title="The weights are downloaded again by every new pod",
    why="Each start takes minutes, and the Hub limits how often.",
    mend="Mount a claim where the model is cached.",
)
VOLUME_NOT_MOUNTED = Rule(
    code="VC305",
    name="volume-not-mounted",
    title="A volume is declared and no container mounts it",
    why="What was meant to be kept or found there is not.",
    mend="Mount it, or remove it.",
)
MOUNT_WITHOUT_VOLUME = Rule(
    code="VC306",
    name="mount-without-volume",
    title="A container mounts a volume that the pod does not declare",
    why="The API server refuses the pod.",
    mend="Declare the volume.",
)
CACHE_ELSEWHERE = Rule(
    code="VC307",
    name="cache-elsewhere",
    title="A volume for the model is mounted where vLLM does not look",
    why="vLLM downloads and compiles into the container, and loses both at each restart.",
    mend="Mount it at the cache folder, or set HF_HOME and VLLM_CACHE_ROOT.",
)
VOLUME = Rule(
    code="VC308",
    name="volume",
    title="Kubernetes does not take this volume, or how it is mounted",
    why="The API server refuses the pod, or drops a field that it does not know without a word; what is mounted below "
    "/proc the container runtime refuses.",
    mend="Correct the field that the message names: a volume has a name and one source, a mount the name of a volume "
    "and a path of its own.",
    source=f"{_K8S}concepts/storage/volumes/",
)
FAST_START = Rule(
    code="VC330",
    name="fast-start",
    title="Nothing is kept that a second start could use",
    why="Every pod compiles and profiles again.",
    mend="Keep the caches on a volume that outlives the pod.",
)
NODE_CACHE = Rule(
    code="VC355",
    name="node-cache",
    title="A cache of the node is not one that this server, or the node, can have",
    why="Servers would download everything themselves, or the node loses a folder that it lives by.",
    mend="Name the model among those of the cache, and a folder of the node that is for this alone.",
)
READ_ONLY_STORAGE = Rule(
    code="VC340",
    name="read-only-storage",
    title="Something is to be written to a storage that is an image",
    why="Image volumes are mounted read-only: the download fails, and the pod with it.",
    mend="Leave the download out, or keep the model on a claim.",
    source=f"{_K8S}tasks/configure-pod-container/image-volumes/",
)
