"""What a kubelet makes of a container's command line, and a LeaderWorkerSet of its pods: enough of both for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Container = Mapping[str, Any]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Expand `$(NAME)` as Kubernetes does: `$$` is one `$`, and what is unknown or no reference stays as it is.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#entrypoint (command, args).
    """
    result, at = "", 0
    while (dollar := text.find("$", at)) >= 0 and dollar + 1 < len(text):
        result += text[at:dollar]
        following, at = text[dollar + 1], dollar + 2
        if following == "$":
            result += "$"
        elif following != "(":
            result += f"${following}"
        elif (end := text.find(")", at)) < 0:
            result += "$("
        else:
            name = text[at:end]
            result += variables.get(name, f"$({name})")
            at = end + 1
    return result + text[at:]


@dataclass(frozen=True, kw_only=True)
class Pod:
    """One pod of a group as its container sees itself.

    Attributes:
        name: the pod's name, which is its host name.
        ip: its address.
        container: its first container, as admitted.
        injected: variables that a controller has put before the container's own.
    """

    name: str
    ip: str
    container: Container
    injected: Mapping[str, str]

    @property
    def variables(self) -> dict[str, str]:
        found = dict(self.injected)
        for variable in self.container["env"]:
            if "value" in variable:
                found.setdefault(variable["name"], expanded(variable["value"], found))
            elif variable["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}:
                found.setdefault(variable["name"], self.ip)
        return found

    @property
    def argv(self) -> list[str]:
        words: Sequence[str] = [*self.container["command"], *self.container.get("args", ())]
        return [expanded(word, self.variables) for word in words]

    @property
    def probe_environment(self) -> dict[str, str]:
        """What a program that a probe starts sees; its command is taken as it is."""
        return self.variables


def lws_pods(lws: Mapping[str, Any]) -> list[list[Pod]]:
    """The pods of each group, as the controller makes them and as its webhook completes them.

    Names and variables are those of https://lws.sigs.k8s.io/docs/reference/labels-annotations-and-environment-variables/
    with the headless Service that all groups share, which is the default.
    """
    name, namespace = lws["metadata"]["name"], lws["metadata"]["namespace"]
    template = lws["spec"]["leaderWorkerTemplate"]
    groups = []
    for group in range(lws["spec"]["replicas"]):
        leader = f"{name}-{group}"
        pods = []
        for index in range(template["size"]):
            spec = template["leaderTemplate" if index == 0 else "workerTemplate"]["spec"]
            pods.append(
                Pod(
                    name=leader if index == 0 else f"{leader}-{index}",
                    ip=f"10.0.{group}.{index + 1}",
                    container=spec["containers"][0],
                    injected={
                        "LWS_LEADER_ADDRESS": f"{leader}.{name}.{namespace}",
                        "LWS_GROUP_SIZE": str(template["size"]),
                        "LWS_WORKER_INDEX": str(index),
                    },
                )
            )
        groups.append(pods)
    return groups


def resolve(address: str, lws: Mapping[str, Any]) -> str:
    """The address that the headless Service of a LeaderWorkerSet gives for a pod's name; an address is itself."""
    name, namespace = lws["metadata"]["name"], lws["metadata"]["namespace"]
    names = {f"{pod.name}.{name}.{namespace}": pod.ip for group in lws_pods(lws) for pod in group}
    return names.get(address, address)
