"""The rules VC4xx: health, rollout and shutdown."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"

STARTUP_BUDGET = Rule(
    code="VC401",
    name="start-up-budget",
    title="The start-up budget is shorter than the model needs",
    why="The kubelet kills the container while it loads, and it starts again from the beginning.",
    mend="Raise the budget of the start-up probe.",
    source=f"{_K8S}concepts/configuration/liveness-readiness-startup-probes/",
)
ROLLOUT_DEADLOCK = Rule(
    code="VC402",
    name="rollout-deadlock",
    title="A rollout waits for ever",
    why="The new pod waits for the GPU, or the claim, that the old one keeps until the new one is ready.",
    mend="Set maxSurge: 0 and maxUnavailable: 1.",
    source=f"{_K8S}concepts/workloads/controllers/deployment/#max-surge",
)
PROGRESS_DEADLINE = Rule(
    code="VC403",
    name="progress-deadline",
    title="progressDeadlineSeconds is below the start-up budget",
    why="A rollout counts as failed while the model still loads.",
    mend="Set progressDeadlineSeconds above the start-up budget.",
    source=f"{_K8S}concepts/workloads/controllers/deployment/#progress-deadline-seconds",
)
LIVENESS_WHILE_LOADING = Rule(
    code="VC404",
    name="liveness-while-loading",
    title="The liveness probe kills the server while it loads",
    why="Without a start-up probe it counts from the start, and /health answers only when the model is loaded.",
    mend="Add a start-up probe with the time that the model needs.",
    source=f"{_K8S}concepts/configuration/liveness-readiness-startup-probes/",
)
PROBES_OFF = Rule(
    code="VC405",
    name="probes-off",
    title="A probe is missing",
    why="Without liveness a hung server is never restarted; without readiness requests reach pods that cannot serve.",
    mend="Have all three probes; for a slow start, give the start-up probe more time.",
)
DRAIN = Rule(
    code="VC406",
    name="drain",
    title="The pod is killed before its requests are finished",
    why="The grace period ends before the preStop hook and vLLM's own shutdown do.",
    mend="Raise terminationGracePeriodSeconds above their sum.",
    source=f"{_K8S}concepts/workloads/pods/pod-lifecycle/#pod-termination",
)
PROBE_TARGET = Rule(
    code="VC407",
    name="probe-target",
    title="A probe asks where vLLM does not answer",
    why="It fails for ever, or answers for another process.",
    mend="Ask /health on vLLM's own port, by HTTPS where vLLM serves TLS.",
)
EAGER_LIVENESS = Rule(
    code="VC408",
    name="eager-liveness",
    title="The liveness probe is eager",
    why="A server under load answers late, and a restart costs minutes of loading.",
    mend="Allow at least 5 s for an answer and 3 failures.",
)
PROBE = Rule(
    code="VC409",
    name="probe",
    title="Kubernetes does not take this probe",
    why="The API server refuses the pod, or drops a field that it does not know without a word: the probe then asks "
    "otherwise than was meant.",
    mend="Correct the field that the message names: a probe asks in one way, at a port that its container has.",
    source=f"{_K8S}tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
)
DISAGGREGATED_SET = Rule(
    code="VC455",
    name="disaggregated-set",
    title="The API server refuses this DisaggregatedSet",
    why="Its schema and its webhook want at least two roles, pods of all of them or of none, and rollouts that are the "
    "set's own.",
    mend="Give every role replicas, the rollout type RollingUpdate, and no partition.",
    source="https://lws.sigs.k8s.io/docs/reference/disaggregatedset.v1/",
)
