"""What changes from one release of vLLM to another: in general, or for the servers of some manifests.

Every line is a difference of the two releases' own parsers, ``envs.py`` or metrics, as the catalogues hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from vllm_cdk8s.core.engine import catalogue
from vllm_cdk8s.core.engine.environment import variables
from vllm_cdk8s.core.engine.naming import instead
from vllm_cdk8s.core.engine.version import version_key
from vllm_cdk8s.core.errors import InvalidOptionError
from vllm_cdk8s.core.monitoring.metrics import metrics
from vllm_cdk8s.lint.documents import files_of, read
from vllm_cdk8s.lint.finding import Options
from vllm_cdk8s.lint.metric_names import ending_taken_off, uses_of
from vllm_cdk8s.lint.ray_serve import CONFIG, config_settings, llm_configs
from vllm_cdk8s.lint.servers import servers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vllm_cdk8s.lint.arguments import Settings
    from vllm_cdk8s.lint.documents import Document, UnreadableError
    from vllm_cdk8s.lint.servers import Server

Kind = Literal["option", "key", "variable", "metric"]
What = Literal["gone", "new", "default", "choices", "deprecated"]


class Change(Struct, frozen=True, kw_only=True):
    """One difference.

    Attributes:
        kind: what it is of.
        what: how it changed.
        name: the option, variable or metric; a key of a configuration is behind the option's name and a dot.
        text: the sentence.
        used: where the manifests use it, as ``file:line``.
    """

    kind: Kind
    what: What
    name: str
    text: str
    used: tuple[str, ...] = ()


class Used(Struct, frozen=True, kw_only=True):
    """What manifests use: by name, the places."""

    keys: dict[str, list[str]]
    options: dict[str, list[str]]
    variables: dict[str, list[str]]
    metrics: dict[str, list[str]]
    servers: int


def known_release(option: str, name: str) -> str:
    """A release that the catalogue has.

    Raises:
        InvalidOptionError: it has no such release.
    """
    release = name.removeprefix("v")
    known = catalogue.versions()
    if release not in known:
        raise InvalidOptionError(f"{name!r} is not a release that is known; known: {', '.join(known)}", option=option)
    return release


def changes(before: str, after: str) -> list[Change]:
    """All differences, options first.

    Raises:
        InvalidOptionError: the later release is not later.
    """
    if version_key(before) >= version_key(after):
        raise InvalidOptionError(f"{after!r} is not later than {before!r}", option="--to")
    old, new = catalogue.release(before), catalogue.release(after)
    return [*_options(old, new), *_variables(old, new), *_metrics(before, after)]


def _options(old: catalogue.Release, new: catalogue.Release) -> Iterator[Change]:
    for name in sorted({*old.names, *new.names}):
        was, now = old.option(name), new.option(name)
        if now is None and was is not None:
            if was.flag in new.flags:
                continue  # another option has taken it over
            yield Change(kind="option", what="gone", name=name, text=f"{was.flag} is gone{instead(name)}")
        elif was is None and now is not None:
            yield Change(kind="option", what="new", name=name, text=f"{now.flag} is new")
        elif was is not None and now is not None:
            yield from _differences(was, now)
            yield from _keys(now.flag, old.fields(name), new.fields(name), name)


def _keys(
    flag: str, was: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[Change]:
    """Differences inside a JSON option; none where one of the two releases takes anything."""
    if not was or not now:
        return
    for key in sorted({*was, *now}):
        path = f"{name}.{key}"
        if key not in now:
            yield Change(kind="key", what="gone", name=path, text=f"{flag}: the key {key!r} is gone")
        elif key not in was:
            yield Change(kind="key", what="new", name=path, text=f"{flag}: the key {key!r} is new")
        else:
            kept = now[key].get("choices", ())
            lost = [choice for choice in was[key].get("choices", ()) if choice not in kept]
            if lost and kept:
                text = f"{flag}: {key!r} no longer takes {', '.join(map(str, lost))}"
                yield Change(kind="key", what="choices", name=path, text=text)


def _differences(was: catalogue.Option, now: catalogue.Option) -> Iterator[Change]:
    if was.default != now.default:
        text = f"{now.flag}: the default is {_shown(now.default)}, and was {_shown(was.default)}"
        yield Change(kind="option", what="default", name=now.name, text=text)
    lost = [choice for choice in was.choices if choice not in now.choices]
    if lost and now.choices:
        text = f"{now.flag} no longer takes {', '.join(map(str, lost))}"
        yield Change(kind="option", what="choices", name=now.name, text=text)
    if now.deprecated and not was.deprecated:
        text = f"{now.flag} is deprecated{instead(now.name)}"
        yield Change(kind="option", what="deprecated", name=now.name, text=text)


def _shown(value: Any) -> str:
    return "not set" if value is None else repr(value) if isinstance(value, str) else str(value)


def _variables(old: catalogue.Release, new: catalogue.Release) -> Iterator[Change]:
    was, now = set(variables(old)), set(variables(new))
    for name in sorted(was - now):
        yield Change(kind="variable", what="gone", name=name, text=f"{name} is gone; vLLM ignores it")
    for name in sorted(now - was):
        yield Change(kind="variable", what="new", name=name, text=f"{name} is new")


def _metrics(before: str, after: str) -> Iterator[Change]:
    was, now = metrics(before), metrics(after)
    for name in sorted(was.keys() - now.keys()):
        yield Change(kind="metric", what="gone", name=name, text=f"{name} is gone; queries of it have no data")
    for name in sorted(now.keys() - was.keys()):
        yield Change(kind="metric", what="new", name=name, text=f"{name} is new")


def used_in(paths: Iterable[str], before: str, unreadable: list[UnreadableError]) -> Used:
    """What the servers of some manifests use, read as the earlier release does."""
    found = Used(keys={}, options={}, variables={}, metrics={}, servers=0)
    servers = 0
    for file in files_of(paths):
        for document in read(file, problems=unreadable):
            for use in uses_of(document)[0]:
                found.metrics.setdefault(use.name, []).append(f"{use.where.file}:{use.where.line}")
            for _, there in servers_of(document, Options(vllm=before)):
                servers += len(there)
                for server in there:
                    _note_server(document, server, found)
            for config in llm_configs(document):
                servers += 1
                _note_config(document, config_settings(config, Options(vllm=before)), found)
    return replace(found, servers=servers)


def _note_server(document: Document, server: Server, found: Used) -> None:
    at = server.facts.container_path
    _note_settings(found, server.settings, document.file, lambda path, _: document.line((*at, *path)))
    for index, name in enumerate(server.facts.env):
        place = f"{document.file}:{document.line((*at, 'env', index))}"
        found.variables.setdefault(name, []).append(place)


def _note_config(document: Document, settings: Settings, found: Used) -> None:
    _note_settings(found, settings, document.file, lambda _, line: document.script_line(CONFIG, line))


def _note_settings(
    found: Used, settings: Settings, file: str, line_of: Callable[[tuple[str | int, ...], int], int]
) -> None:
    for name, (path, line) in settings.places.items():
        place = f"{file}:{line_of(path, line)}"
        found.options.setdefault(name, []).append(place)
        for key in _inner(settings.values.get(name)):
            found.keys.setdefault(f"{name}.{key}", []).append(place)


def _inner(value: Any, before: str = "") -> Iterator[str]:
    """The keys of a configuration, with dots for those of configurations in it."""
    for key, item in value.items() if isinstance(value, Mapping) else ():
        yield f"{before}{key}"
        yield from _inner(item, f"{before}{key}.")


def concerning(all_changes: Iterable[Change], used: Used) -> list[Change]:
    """The differences that reach these servers: of what they set, and defaults of what they leave to vLLM."""
    result = []
    for change in all_changes:
        places = _places(change, used)
        if change.what == "new" or (not places and change.what != "default"):
            continue
        # A default matters where nobody says the setting, and not where somebody does.
        if (change.what == "default") == bool(places):
            continue
        result.append(
            Change(kind=change.kind, what=change.what, name=change.name, text=change.text, used=tuple(places))
        )
    return result


def _places(change: Change, used: Used) -> list[str]:
    if change.kind == "key":
        return used.keys.get(change.name, [])
    if change.kind == "option":
        return used.options.get(change.name, [])
    if change.kind == "variable":
        return used.variables.get(change.name, [])
    names = [name for name in used.metrics if change.name in (name, ending_taken_off(name))]
    return [place for name in names for place in used.metrics[name]]
