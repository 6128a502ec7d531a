"""What one app knows about its own servers: names taken, and checks across objects that run once for the whole app.

cdk8s calls every validator once per chart, so one validator per server would be quadratic; here one validator on the
root serves all, and is added only when something needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakKeyDictionary

import cdk8s
import constructs
import jsii

from vllm_cdk8s.core.errors import ConflictError, Problem, give, warn

if TYPE_CHECKING:
    from constructs import Construct

Check = Callable[["constructs.IConstruct"], list[str]]
Advice = Callable[["constructs.IConstruct"], Iterable["str | Problem"]]
_Store = TypeVar("_Store")


class AppRegistry:
    """The Python side of one construct tree; `registry` finds it."""

    def __init__(self, root: Construct) -> None:
        self._root = root
        self._names: dict[tuple[str, str | None, str], Construct] = {}
        self._selectors: dict[tuple[str | None, frozenset[tuple[str, str]]], Construct] = {}
        self._checks: list[Check] = []
        self._advice: list[Advice] = []
        self._stores: dict[type, Any] = {}

    def of(self, kind: type[_Store]) -> _Store:
        """What the app knows of one matter: one object of a class for each app, made when first asked for."""
        if kind not in self._stores:
            self._stores[kind] = kind()
        return cast("_Store", self._stores[kind])

    def take_name(self, kind: str, namespace: str | None, name: str, construct: Construct) -> None:
        """Note the fixed name of an object.

        Raises:
            ConflictError: another construct of this app has it, so that one would overwrite the other.
        """
        other = self._names.setdefault((kind, namespace, name), construct)
        if other is not construct:
            where = "" if namespace is None else f" in namespace {namespace!r}"
            paths = f"{other.node.path} and {construct.node.path}"
            raise ConflictError(f"{name!r} is the name of two {kind}s{where}: {paths}", option="name")

    def take_selector(self, namespace: str | None, selector: Mapping[str, str], construct: Construct) -> None:
        """Note the labels that a server's pods are found by.

        Raises:
            ConflictError: another server of this app has them, so that each would answer for the other's model.
        """
        other = self._selectors.setdefault((namespace, frozenset(selector.items())), construct)
        if other is not construct:
            labels = ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))
            raise ConflictError(
                f"{labels} selects the pods of two servers, {other.node.path} and {construct.node.path}, so that each "
                "service would send requests to both models; allowed: one instance for each server of a namespace",
                option="instance",
            )

    def add_check(self, check: Check) -> None:
        """Have a pure function of the tree's root run at synthesis; what it returns are errors.

        The same function runs once, however often it is added.
        """
        if check not in self._checks:
            self._validate()
            self._checks.append(check)

    def add_advice(self, check: Advice) -> None:
        """Have a function of the tree's root run at synthesis; what it returns are warnings, each given once."""
        self._validate()
        self._advice.append(check)

    def _validate(self) -> None:
        if not self._checks and not self._advice:
            self._root.node.add_validation(_Validation(self._root, self._checks, self._advice))


@jsii.implements(constructs.IValidation)
class _Validation:
    def __init__(self, root: Construct, checks: list[Check], advice: list[Advice]) -> None:
        self._root = root
        self._checks = checks
        self._advice = advice
        self._given: set[str | Problem] = set()

    def validate(self) -> list[str]:
        for advice in (finding for check in self._advice for finding in check(self._root)):
            if advice not in self._given:
                # In this order, so that a warning made fatal is so at the next synthesis too.
                if isinstance(advice, Problem):
                    give(advice)
                else:
                    warn(advice)
                self._given.add(advice)
        return [finding for check in self._checks for finding in check(self._root)]


_registries: WeakKeyDictionary[Construct, AppRegistry] = WeakKeyDictionary()
_places: WeakKeyDictionary[Construct, tuple[AppRegistry, str | None]] = WeakKeyDictionary()


def place(scope: Construct) -> tuple[AppRegistry, str | None]:
    """The app's registry and the namespace of the scope's chart, None where it has none; asked of jsii once."""
    found = _places.get(scope)
    if found is None:
        # Each of these is a question to jsii, and a chart is its own.
        chart = scope if isinstance(scope, cdk8s.Chart) else cdk8s.Chart.of(scope)
        root = cdk8s.App.of(scope)
        registry = _registries.setdefault(root, AppRegistry(root))
        found = _places[scope] = (registry, chart.namespace)
    return found


def inherit_place(child: Construct, scope: Construct) -> None:
    """Let what is made in the child know its place from the scope's, without asking jsii again."""
    _places[child] = place(scope)


def same_namespace(scope: Construct, kind: str, *, server: Construct, namespace: str | None) -> None:
    """See to it that an object that can only reach its own namespace stands in that of its server.

    Raises:
        ConflictError: its chart has another namespace.
    """
    own = place(scope)[1]
    if own != namespace:
        there, here = ("without a namespace" if name is None else f"in namespace {name!r}" for name in (namespace, own))
        raise ConflictError(
            f"{server.node.path} is {there}, but this {kind} would be {here} and only reaches what is in its own; put "
            "both in one chart",
            option="server",
        )


def without_namespace(cluster_scoped: cdk8s.ApiObject, scope: Construct) -> None:
    """Take the chart's namespace off an object that lives in none; the API server would refuse it."""
    if place(scope)[1] is not None:
        cluster_scoped.add_json_patch(cdk8s.JsonPatch.remove("/metadata/namespace"))
