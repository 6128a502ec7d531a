"""PromQL on the series of one server: only names and labels that its vLLM has, only functions that suit their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.errors import InvalidOptionError, nearest
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.monitoring.metrics import Metric, metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Kubernetes cuts a pod's generated name after 58 characters, before it adds five of its own:
# k8s.io/apiserver/pkg/storage/names. A ReplicaSet's hash has up to ten.
_LONGEST_BASE = 58
_LONGEST_HASH = 10
_LONGEST_RAY_PREFIX = 50
# What Prometheus adds to each scraped series beside vLLM's own labels.
_TARGET_LABELS = ("namespace", "pod", "container", "job", "instance")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def quoted(value: str) -> str:
    """A PromQL string: any text, such as a model's name or path, between double quotes."""
    return f'"{value.translate(_ESCAPES)}"'


def deployment_pods(name: str) -> str:
    """The regular expression of the names that the pods of a Deployment have, and those of no other."""
    literal = _literal(name[:_LONGEST_BASE])
    if len(name) + len("-") + _LONGEST_HASH + len("-") <= _LONGEST_BASE:
        return f"{literal}-[a-z0-9]+-[a-z0-9]{{5}}"
    return f"{literal}[a-z0-9-]*"


def leader_worker_set_pods(name: str) -> str:
    """The regular expression of the names that the pods of a LeaderWorkerSet have: leaders and their workers."""
    return f"{_literal(name)}-[0-9]+(-[0-9]+)?"


def set_role_pods(name: str, role: str) -> str:
    """The regular expression of the names that the pods of a DisaggregatedSet's role have, of whatever revision.

    LeaderWorkerSet 0.9 has no slices in them yet.
    """
    return f"{_literal(name)}(-[0-9]+)?-[0-9a-f]+-{role}-[0-9]+(-[0-9]+)?"


def ray_cluster_pods(name: str) -> str:
    """The regular expression of the names that the pods of a RayCluster have: its head and its workers.

    KubeRay (ray-operator/controllers/ray/utils) cuts what stands before ``-head`` and ``-worker`` after 50 characters,
    and gives the head five characters of its own or none, depending on its version.
    """
    head, workers = name[:_LONGEST_RAY_PREFIX], f"{name}-workers"[:_LONGEST_RAY_PREFIX]
    return f"{_literal(head)}-head(-[a-z0-9]{{5}})?|{_literal(workers)}-worker-[a-z0-9]{{5}}"


def _literal(name: str) -> str:
    return name.replace(".", "[.]")


class Target(Struct, frozen=True, kw_only=True):
    """The series of one server.

    Attributes:
        model_name: the value of vLLM's label of that name, which is the served model name.
        pods: the regular expression of the names of its pods.
        namespace: its namespace; None leaves it out, and pods of that name in every namespace count.
        version: the vLLM that it runs; None for the newest.
        container: the name of vLLM's container.
    """

    model_name: str
    pods: str
    namespace: str | None = None
    version: str | None = None
    container: str = "vllm"

    def metric(self, *names: str) -> Metric:
        """The first of these metrics that every server of this version has: for what vLLM has renamed.

        Raises:
            InvalidOptionError: none of them is one of the version's metrics.
        """
        for name in names:
            try:
                found = metric(name, self.version)
            except InvalidOptionError:
                if name == names[-1]:
                    raise
                continue
            if found.always or name == names[-1]:
                return found
        raise InvalidOptionError("() names no metric", option="metric")

    def series(self, found: Metric, ending: str | None = None, *, window: str | None = None) -> str:
        """The selector of a metric's series, over a window where one is given."""
        matchers = {"model_name": ("=", self.model_name)} if _has(found, "model_name") else {}
        return _selector(found.series(ending), {**matchers, **self._place()}) + _over(window)

    def kubernetes(self, name: str, *, window: str | None = None, in_container: bool = False) -> str:
        """The selector of a series that Prometheus or kube-state-metrics makes of the pods, such as ``up``."""
        matchers = {**self._place(), **({"container": ("=", self.container)} if in_container else {})}
        return _selector(name, matchers) + _over(window)

    def total(self, *names: str, by: Sequence[str] = ()) -> str:
        """The sum of a gauge."""
        found = self._of_kind("gauge", names)
        return aggregated("sum", self.series(found), self._known(found, by))

    def highest(self, *names: str, by: Sequence[str] = (), window: str | None = None) -> str:
        """The highest value of a gauge, or of its average over a window."""
        found = self._of_kind("gauge", names)
        selector = self.series(found, window=window)
        averaged = selector if window is None else f"avg_over_time({selector})"
        return aggregated("max", averaged, self._known(found, by))

    def rate(self, *names: str, window: str, by: Sequence[str] = ()) -> str:
        """The sum of a counter's rates per second over a window."""
        found = self._of_kind("counter", names)
        return aggregated("sum", f"rate({self.series(found, window=window)})", self._known(found, by))

    def quantile(self, share: float, *names: str, window: str) -> str:
        """What this share of a histogram's observations stays below, all pods together."""
        found = self._of_kind("histogram", names)
        buckets = f"rate({self.series(found, 'bucket', window=window)})"
        return f"histogram_quantile({share:g}, {aggregated('sum', buckets, ('le',))})"

    def with_pods(self, pods: str) -> Target:
        """The same server with another expression for its pods, such as a dashboard's variable."""
        return replace(self, pods=pods)

    def _place(self) -> dict[str, tuple[str, str]]:
        namespace = {} if self.namespace is None else {"namespace": ("=", self.namespace)}
        return {**namespace, "pod": ("=~", self.pods)}

    def _of_kind(self, kind: str, names: Sequence[str]) -> Metric:
        found = self.metric(*names)
        if found.kind != kind:
            raise InvalidOptionError(f"{found.name!r} is a {found.kind}, not a {kind}", option="metric")
        return found

    @staticmethod
    def _known(found: Metric, by: Sequence[str]) -> Sequence[str]:
        for label in by:
            if label not in _TARGET_LABELS and not _has(found, label):
                known = (*_TARGET_LABELS, *(found.labels or ()))
                raise InvalidOptionError(
                    f"{label!r} is not a label of {found.name}{nearest(label, known)}; allowed: {', '.join(known)}",
                    option="by",
                )
        return by


def aggregated(operator: str, expression: str, by: Sequence[str] = ()) -> str:
    """``sum(x)``, or ``sum by (a, b) (x)``."""
    return f"{operator} by ({', '.join(by)}) ({expression})" if by else f"{operator}({expression})"


def seconds(option: str, value: int) -> str:
    """A whole number of seconds as a Prometheus duration, in minutes where it is some."""
    checks.integer(option, value, minimum=1)
    return f"{value // 60}m" if value % 60 == 0 else f"{value}s"


def _has(found: Metric, label: str) -> bool:
    return found.labels is None or label in found.labels


def _selector(name: str, matchers: Mapping[str, tuple[str, str]]) -> str:
    inner = ",".join(f"{label}{operator}{quoted(value)}" for label, (operator, value) in matchers.items())
    return f"{name}{{{inner}}}"


def _over(window: str | None) -> str:
    return "" if window is None else f"[{window}]"
