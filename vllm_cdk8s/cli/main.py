"""The ``vllm-cdk8s`` command: its options, and which module answers which of its commands.

Exit code 0, or 2 with a line ``error: <where>: <what>`` on standard error for each problem. No command needs Node.js; a
command's module is imported when the command is used, so that ``--help`` is there at once.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from vllm_cdk8s.cli.output import CommandError, hold_standard_streams, say, show

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETS = {
    "--set": "KEY=VALUE[,...]: numbers, true, false and null are read as such",
    "--set-string": "KEY=VALUE[,...]: every value is text",
    "--set-file": "KEY=PATH[,...]: every value is the text of a file",
    "--set-json": "KEY=JSON[,...], or one JSON object of values",
    "--set-literal": "KEY=VALUE: all behind the first '=' is text, commas and backslashes too",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    hold_standard_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parsed = _parsed(arguments)
        code: int | None = import_module(f"vllm_cdk8s.cli.{parsed.module}").run(parsed)
    except BrokenPipeError:
        return 0  # whoever reads the output has had enough of it (`| head`)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not _is_told(error):
            raise
        from vllm_cdk8s.core.showing import masked  # noqa: PLC0415 - as below

        # Problems are one line each; what any one of them quotes stays on its line.
        for problem in getattr(error, "problems", None) or [error]:
            say("error: " + masked(" ".join(str(problem).splitlines())))
        return 2
    return code or 0


def _is_told(error: Exception) -> bool:
    """Whether it is said in a line, without a traceback."""
    # Loaded when something is raised, so that `--help` does without.
    from vllm_cdk8s.core.errors import VllmCdk8sError  # noqa: PLC0415

    return isinstance(error, (CommandError, VllmCdk8sError))


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser, commands = command_parser()
    if arguments and not arguments[0].startswith("-") and arguments[0] not in commands:
        from vllm_cdk8s.core.errors import nearest  # noqa: PLC0415 - as above

        raise CommandError(
            f"{parser.prog}: {arguments[0]!r} is not a command{nearest(arguments[0], commands)}; allowed: "
            f"{', '.join(commands)}"
        )
    parsed, others = parser.parse_known_args(arguments)
    if others:
        said = next((each.partition("=")[0] for each in others if each.startswith("-")), "")
        known = commands.get(arguments[0], [])
        page = f"{parser.prog} {arguments[0]}" if known else parser.prog
        raise CommandError(
            f"{parser.prog}: unrecognized arguments: {' '.join(others)}{nearest(said, known)}; see {page} --help"
        )
    if "module" not in parsed:
        parser.error(f"which command? {', '.join(commands)}")
    return parsed


class _Parser(argparse.ArgumentParser):
    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter}
        super().__init__(*args, **options)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help, where it is asked for; whether it could be written is not for argparse to overlook."""
        if file is not None and file is sys.stdout:
            show(message)
        else:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{self.prog}: {message}; see {self.prog} --help")


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
        from importlib.metadata import version  # noqa: PLC0415 - for those who ask

        show(f"{parser.prog} {version('vllm-cdk8s')}\n")
        parser.exit()


class _ListGpus(argparse.Action):
    """Prints the accelerators whose memory is known, one a line."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from vllm_cdk8s.core.models.accelerators import known_accelerators  # noqa: PLC0415 - as above

        show("\n".join(known_accelerators()) + "\n")
        parser.exit()


def command_parser() -> tuple[argparse.ArgumentParser, dict[str, list[str]]]:
    """The parser of the whole command, and its commands with their options."""
    parser = _Parser(
        prog="vllm-cdk8s",
        description="Deploy the vLLM inference server on Kubernetes, and find what is wrong with how it is deployed.",
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="print the version and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    def add(name: str, help: str, *examples: str, module: str | None = None) -> argparse.ArgumentParser:
        epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
        made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help, epilog=epilog)
        made.set_defaults(module=module or name, command=name)
        return made

    template = add(
        "template",
        "print the YAML of a release (standard output), and notes (standard error)",
        "vllm-cdk8s template my-vllm -f values.yaml --set vllm.maxModelLen=4096 > my-vllm.yaml",
    )
    template.add_argument("name", metavar="NAME", help="the release's name")
    _add_values(template)
    template.add_argument("-n", "--namespace", metavar="NAMESPACE", help="the namespace of its objects")
    where = template.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="FILE", type=_path, help="write FILE instead of standard output")
    where.add_argument(
        "--output-dir", metavar="DIR", type=_path, help="write DIR/NAME.k8s.yaml instead of standard output"
    )
    template.add_argument("--strict", action="store_true", help="take warnings for errors")
    template.add_argument(
        "-q", "--quiet", action="count", default=0, help="leave out the notes; twice (-qq), the warnings too"
    )

    _add_check(add(
        "check",
        "find what is wrong with the vLLM servers in anybody's manifests",
        "vllm-cdk8s check deploy/                           every YAML file below a folder",
        "helm template prod ./chart | vllm-cdk8s check -    standard input",
        "vllm-cdk8s check --format github k8s/*.yaml        annotations in GitHub Actions",
        "vllm-cdk8s check --ignore VC220,VC304 app.yaml     without these rules",
    ))  # fmt: skip

    upgrade = add(
        "upgrade",
        "say what changes from one release of vLLM to another, in general or for the servers of manifests",
        "vllm-cdk8s upgrade --from 0.20.2 --to 0.33.0",
        "vllm-cdk8s upgrade --from 0.20.2 --to 0.33.0 deploy/",
    )
    upgrade.add_argument("paths", metavar="FILE", nargs="*", help="a file, a folder, or '-' for standard input")
    upgrade.add_argument("--from", metavar="VERSION", dest="before", required=True, help="the release that runs now")
    upgrade.add_argument("--to", metavar="VERSION", dest="after", required=True, help="the release to come")
    upgrade.add_argument("--json", action="store_true", help="the same as data")

    explain = add(
        "explain",
        "say what a release will be: its objects, its needs, its time lines, its warnings",
        "vllm-cdk8s explain my-vllm -f values.yaml",
        "vllm-cdk8s explain my-vllm -f values.yaml --gpu H100 --json",
    )
    explain.add_argument("name", metavar="NAME", nargs="?", default="vllm", help="the release's name (default: vllm)")
    _add_values(explain)
    explain.add_argument("-n", "--namespace", metavar="NAMESPACE", help="the namespace of its objects")
    explain.add_argument("--gpu", metavar="GPU", help="which GPUs, such as H100, where the values do not say")
    explain.add_argument("--json", action="store_true", help="the same as data")

    add("values", "print the default values.yaml, with comments", "vllm-cdk8s values > values.yaml")
    add("schema", "print the JSON Schema of values.yaml", "vllm-cdk8s schema > values.schema.json", module="values")

    _add_size(add(
        "size",
        "print the memory, GPUs and start-up time of a model",
        "vllm-cdk8s size 7B --dtype fp16",
        "vllm-cdk8s size openai/gpt-oss-120b --gpu H100",
        "vllm-cdk8s size meta-llama/Llama-3.1-70B-Instruct --gpu L40S --tensor-parallel-size 8 --json",
    ))  # fmt: skip

    init = add(
        "init",
        "write a small app for a model: app.py, cdk8s.yaml, requirements.txt, README.md",
        "vllm-cdk8s init Qwen/Qwen3-32B --gpu H100 --count 2 --gated --dashboard --output qwen",
    )
    init.add_argument("model", metavar="MODEL", help="a model of the Hugging Face Hub")
    init.add_argument("--gpu", metavar="GPU", help="which GPUs, such as H100")
    init.add_argument("--count", metavar="N", type=int, help="GPUs of each pod (default: what the model needs)")
    init.add_argument("--gated", action="store_true", help="the model needs a Hugging Face token")
    init.add_argument("--dashboard", action="store_true", help="scrape the metrics, alert, and draw a dashboard")
    init.add_argument("--output", metavar="DIR", type=_path, help="the folder to write (default: the model's name)")

    migrate = add(
        "migrate",
        "list what changes when a Helm release is taken over, and the values that keep it as it is",
        "helm get values prod -n llm -a -o yaml > old.yaml && helm get manifest prod -n llm > manifest.yaml",
        "vllm-cdk8s migrate prod -n llm --values old.yaml --manifest manifest.yaml -o values.yaml",
    )
    migrate.add_argument("name", metavar="NAME", help="the release's name")
    migrate.add_argument(
        "--values", metavar="FILE", required=True, help="`helm get values -a -o yaml`; '-' is standard input"
    )
    migrate.add_argument("--manifest", metavar="FILE", help="`helm get manifest`; '-' is standard input")
    migrate.add_argument(
        "--server", metavar="SERVER", help="which server of a production stack with several (default: the first)"
    )
    migrate.add_argument("-n", "--namespace", metavar="NAMESPACE", help="the namespace of its objects")
    migrate.add_argument("-o", "--output", metavar="FILE", type=_path, help="write the values that keep what runs")
    migrate.add_argument("--json", action="store_true", help="the same as data")

    rule = add("rule", "print a rule of the book, or all of them", "vllm-cdk8s rule VC402", "vllm-cdk8s rule --all")
    rule.add_argument("code", metavar="CODE", nargs="?", help="a code such as VC402, or a rule's name")
    rule.add_argument("--all", action="store_true", help="a line for each rule")

    completion = add(
        "completion",
        "print the completion of this command for a shell",
        "vllm-cdk8s completion bash > ~/.local/share/bash-completion/completions/vllm-cdk8s",
    )
    completion.add_argument("shell", metavar="SHELL", choices=["bash", "zsh", "fish"], help="bash, zsh or fish")
    return parser, {name: [*each._option_string_actions] for name, each in commands.choices.items()}  # noqa: SLF001


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("paths", metavar="FILE", nargs="+", help="a file, a folder, or '-' for standard input")
    check.add_argument("--format", choices=["text", "json", "sarif", "github"], default="text",
                       help="how to print findings (default: text)")  # fmt: skip
    check.add_argument(
        "--select", metavar="CODES", action="append", default=[], help="only these rules, or families such as VC4"
    )
    check.add_argument("--ignore", metavar="CODES", action="append", default=[], help="all but these rules")
    check.add_argument("--severity", choices=["warning", "error"], default="warning",
                       help="the least severity to report (default: warning)")  # fmt: skip
    check.add_argument("--vllm", metavar="VERSION", help="the release of vLLM where an image does not say it")
    check.add_argument("--gpu", metavar="GPU", help="which GPUs, such as H100, where a manifest does not say")


def _add_values(command: argparse.ArgumentParser) -> None:
    command.set_defaults(sets=[])
    command.add_argument(
        "-f", "--values", metavar="FILE", action="append", default=[],
        help="a values file, '-' for standard input; several are laid over each other, the last on top",
    )  # fmt: skip
    for option, text in _SETS.items():
        command.add_argument(option, metavar="KEY=VALUE", action=_Set, dest="sets", help=text)


def _add_size(size: argparse.ArgumentParser) -> None:
    size.add_argument("model", metavar="MODEL", help="a number of parameters (7B), a model's name, or its config.json")
    size.add_argument("--dtype", default="auto", help="the weights' type: fp16, fp32, fp8, awq, ... (default: auto)")
    size.add_argument("--quantization", help="how the weights are quantized (default: as published)")
    size.add_argument("--gpu", metavar="GPU", help="which GPU, such as H100 or L40S")
    size.add_argument(
        "--list-gpus", action=_ListGpus, nargs=0, default=argparse.SUPPRESS, help="print the GPUs that --gpu knows"
    )
    size.add_argument("--gpu-memory", help="the memory of one GPU, where --gpu does not say it (default: 80GB)")
    size.add_argument(
        "--gpu-memory-utilization", type=float, default=0.9, help="the share of it for vLLM (default: 0.9)"
    )
    size.add_argument("--tensor-parallel-size", type=int, help="GPUs that share each layer (default: the fewest)")
    size.add_argument("--pipeline-parallel-size", type=int, default=1, help="stages of layers (default: 1)")
    size.add_argument("--data-parallel-size", type=int, default=1, help="copies of the model (default: 1)")
    size.add_argument("--max-model-len", type=_tokens, help="the longest context in tokens, 32k too (default: 2048)")
    size.add_argument("--kv-cache-dtype", default="auto", help="the KV cache's type (default: auto)")
    size.add_argument("--max-num-batched-tokens", type=_tokens, help="the most tokens of one step (default: by GPU)")
    size.add_argument("--max-num-seqs", type=int, help="the most sequences of one step (default: by GPU)")
    size.add_argument("--enforce-eager", action="store_true", help="without CUDA graphs")
    size.add_argument("--vllm", metavar="VERSION", help="vLLM's version (default: the newest)")
    size.add_argument("--json", action="store_true", help="the figures as data")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("'' is not a path")
    return Path(text)


def _tokens(text: str) -> int:
    from vllm_cdk8s.core.engine.options import tokens  # noqa: PLC0415 - for those who use it

    number = tokens(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, or one with a unit such as '32k'")
    return number
