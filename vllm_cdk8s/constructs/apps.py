"""What one app knows about its own servers: names taken, and checks across objects that run once for the whole app.

It is kept on the app's root and dies with it. cdk8s calls every validator once per chart, so one validator per server
would be quadratic; here one on the root serves all, and is added only when something needs it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import cdk8s
import constructs
import jsii

from vllm_cdk8s.core.errors import ConflictError, Problem, give, warn
from vllm_cdk8s.core.kube.names import Names, tree_name
from vllm_cdk8s.core.rules.book import OTHER_NAMESPACE, SELECTS_NOTHING, TAKEN_NAME, UNWISE

if TYPE_CHECKING:
    from constructs import Construct

Check = Callable[["constructs.IConstruct"], list[str]]
Advice = Callable[["constructs.IConstruct"], Iterable["str | Problem"]]
_Store = TypeVar("_Store")
_Class = TypeVar("_Class", bound="Construct")

_REGISTRY, _PLACE = "__vllm_cdk8s_registry__", "__vllm_cdk8s_place__"


class AppRegistry:
    """The Python side of one construct tree; `place` finds it."""

    def __init__(self, root: Construct) -> None:
        self._root = root
        self._names: dict[tuple[str, str | None, str], Construct] = {}
        self._selectors: dict[tuple[str | None, frozenset[tuple[str, str]]], Construct] = {}
        self._stores: dict[type, Any] = {}
        self._checks: list[Check] = []
        self._advice: list[Advice] = []
        self._validation: _Validation | None = None

    def of(self, store: type[_Store]) -> _Store:
        """What a part of this package knows of the app: the one object of a class, made when first asked for."""
        if store not in self._stores:
            self._stores[store] = store()
        found: _Store = self._stores[store]
        return found

    def take_name(self, kind: str, namespace: str | None, name: str, construct: Construct) -> None:
        """Note the fixed name of an object.

        Raises:
            ConflictError: another construct of this app has it, so that one would overwrite the other.
        """
        other = self._names.setdefault((kind, namespace, name), construct)
        if other is not construct:
            where = "" if namespace is None else f" in namespace {namespace!r}"
            paths = f"{other.node.path} and {construct.node.path}"
            raise ConflictError(f"{name!r} is the name of two {kind}s{where}: {paths}", option="name", rule=TAKEN_NAME)

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
                rule=SELECTS_NOTHING,
            )

    def release(self, construct: Construct) -> None:
        """Forget what a construct has taken that does not stand after all."""
        self._names = {key: owner for key, owner in self._names.items() if owner is not construct}
        self._selectors = {key: owner for key, owner in self._selectors.items() if owner is not construct}

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
        if self._validation is None:
            self._validation = _Validation(self._root, self._checks, self._advice)
            self._root.node.add_validation(self._validation)


@jsii.implements(constructs.IValidation)
class _Validation:
    def __init__(self, root: Construct, checks: list[Check], advice: list[Advice]) -> None:
        self._root = root
        self._checks = checks
        self._advice = advice
        self._given: set[str] = set()

    def validate(self) -> list[str]:
        for advice in (finding for check in self._advice for finding in check(self._root)):
            if str(advice) not in self._given:
                # In this order, so that a warning made fatal is so at the next synthesis too.
                if isinstance(advice, Problem):
                    give(advice)
                else:
                    warn(advice, rule=UNWISE)
                self._given.add(str(advice))
        return [finding for check in self._checks for finding in check(self._root)]


class Place:
    """Where something is made; what is so of a whole chart is asked of jsii once for all that is in it.

    Attributes:
        registry: what its app knows.
        namespace: the namespace of its chart, None where that has none.
        chart: the place that its chart is.
    """

    def __init__(self, scope: Construct, *, parent: Place | None = None, id: str = "") -> None:
        self._scope, self._parent, self._id = scope, parent, id
        if isinstance(scope, cdk8s.Chart):
            self.chart = self
            self.registry = _registry(cdk8s.App.of(scope))
            self.namespace: str | None = scope.namespace
        else:
            self.chart = place_of(cdk8s.Chart.of(scope)) if parent is None else parent.chart
            self.registry, self.namespace = self.chart.registry, self.chart.namespace

    @cached_property
    def node(self) -> constructs.Node:
        """The scope's node."""
        return self._scope.node

    @cached_property
    def path(self) -> str:
        """The scope's path."""
        return self.node.path if self._parent is None else f"{self._parent.path}/{self._id}"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids from the tree's root to the scope."""
        return ("", *self.path.split("/"))

    @cached_property
    def named_by_path(self) -> bool:
        """Whether the chart leaves naming to cdk8s: it may have a method of its own, or want no hashes in names."""
        if self.chart is not self:
            return self.chart.named_by_path
        probe_id = "vllm-cdk8s-name"
        probe = cdk8s.ApiObject(self._scope, probe_id, api_version="v1", kind="ConfigMap")
        named = tree_name([*self.ids, probe_id], readable=False) == probe.name
        self.node.try_remove_child(probe_id)
        return named


def place_of(scope: Construct) -> Place:
    """The place that a scope is, asked of jsii once."""
    found: Place | None = scope.__dict__.get(_PLACE)
    if found is None:
        found = Place(scope)
        setattr(scope, _PLACE, found)
    return found


def place_below(child: Construct, scope: Construct, id: str) -> None:
    """Let what is made in the child know its place from the scope's, without asking jsii again."""
    setattr(child, _PLACE, Place(child, parent=place_of(scope), id=id))


class Whole(constructs.Construct):
    """A construct that stands whole or not at all: refused while it is made, it leaves nothing behind."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__:
            whole(cls)


def whole(cls: type[_Class]) -> type[_Class]:
    """Make a class as `Whole`, which need not derive from it, and show its signature, which jsii's metaclass hides."""
    init: Any = cls.__init__
    setattr(cls, "__signature__", inspect.Signature(list(inspect.signature(init).parameters.values())[1:]))  # noqa: B010

    @wraps(init)
    def made(self: Construct, *args: Any, **options: Any) -> None:
        try:
            init(self, *args, **options)
        except BaseException:
            _take_back(self)
            raise

    setattr(cls, "__init__", made)  # noqa: B010 - mypy forbids the short way
    return cls


def _take_back(construct: Construct) -> None:
    """Take a construct, and what is below it, out of its tree and its app's registry."""
    if not hasattr(construct, "__jsii_ref__"):
        return  # it never stood: refused before, or there is another of its id
    node = construct.node
    root, below = cast("Construct", node.root), node.find_all()
    if node.scope is None or not node.scope.node.try_remove_child(node.id):
        return  # a construct that this one is made of has seen to it
    registry = _registry(root)
    for gone in below:
        registry.release(cast("Construct", gone))


def _registry(root: Construct) -> AppRegistry:
    found: AppRegistry | None = root.__dict__.get(_REGISTRY)
    if found is None:
        found = AppRegistry(root)
        setattr(root, _REGISTRY, found)
    return found


def place(scope: Construct) -> tuple[AppRegistry, str | None]:
    """The app's registry and the namespace of the scope's chart, None where it has none."""
    found = place_of(scope)
    return found.registry, found.namespace


def name_in_tree(scope: Construct, *ids: str) -> str:
    """The name that an object at this place below a scope gets, which need not be there yet."""
    here = place_of(scope)
    if here.named_by_path:
        return tree_name([*here.ids, *ids])
    # The chart names objects in a way of its own, so it is asked, of an object that is taken away again.
    owner = scope
    for step in ids[:-1]:
        owner = constructs.Construct(owner, step)
    name = cdk8s.ApiObject(owner, ids[-1], api_version="v1", kind="ConfigMap").name
    here.node.try_remove_child(ids[0])
    return name


def take_whole_name(construct: Construct, scope: Construct, id: str, *, name: str | None, kinds: Iterable[str]) -> str:
    """The one name of all objects of a construct: the fixed one, which each kind takes, else its main object's.

    Raises:
        ConflictError: another object of one of these kinds has the fixed name.
    """
    if name is None:
        return name_in_tree(scope, id, "Resource")
    registry, namespace = place(scope)
    for kind in kinds:
        registry.take_name(kind, namespace, name, construct)
    return name


def names_of(scope: Construct, id: str) -> Names:
    """The names of a server below a scope that has no name of its own."""
    return Names(
        workload=name_in_tree(scope, id, "Resource"),
        service=name_in_tree(scope, id, "Service", "Resource"),
        service_account=name_in_tree(scope, id, "ServiceAccount", "Resource"),
        claim=name_in_tree(scope, id, "Storage", "Resource"),
    )


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
            rule=OTHER_NAMESPACE,
        )


def without_namespace(cluster_scoped: cdk8s.ApiObject, scope: Construct) -> None:
    """Take the chart's namespace off an object that lives in none; the API server would refuse it."""
    if place(scope)[1] is not None:
        cluster_scoped.add_json_patch(cdk8s.JsonPatch.remove("/metadata/namespace"))
