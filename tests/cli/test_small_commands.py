"""``rule``, ``completion``, and the help of every command."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.helm.command import run
from vllm_cdk8s.cli.main import command_parser, main
from vllm_cdk8s.core.rules.book import RULES, find_rule

COMMANDS = command_parser()[1]
HEAVY = {"yaml", "cdk8s", "cdk8s_plus_27", "constructs", "jsii"}


def test_every_rule_prints_by_code_and_by_name() -> None:
    for rule in RULES.values():
        answer = run("rule", rule.code)
        assert (answer.code, answer.stdout) == (0, rule.text() + "\n")
        assert rule.code in answer.stdout
        assert find_rule(rule.name) is rule
    assert run("rule", rule.name).stdout == answer.stdout


@pytest.mark.parametrize("arguments", [[], ["--all"]])
def test_all_rules_are_a_line_each(arguments: list[str]) -> None:
    lines = run("rule", *arguments).stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(RULES)


@pytest.mark.parametrize(
    ("code", "hint"), [("CV405", "; did you mean 'VC405'?"), (next(iter(RULES.values())).name[:-1], "; did you mean ")]
)
def test_an_unknown_rule_suggests_one(code: str, hint: str) -> None:
    answer = run("rule", code)

    assert answer.code == 2
    assert answer.errors[0].startswith(f"error: {code!r} is not a rule{hint}")
    assert answer.errors[0].endswith("; see vllm-cdk8s rule --all")


@pytest.mark.parametrize(
    ("shell", "check"), [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])]
)
def test_the_completion_of_a_shell_is_of_that_shell(shell: str, check: list[str]) -> None:
    answer = run("completion", shell)

    assert answer.code == 0
    for command in COMMANDS:
        assert command in answer.stdout
    if shutil.which(check[0]) is not None:
        done = subprocess.run(check, input=answer.stdout, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_shell_that_is_none_is_an_error_line() -> None:
    answer = run("completion", "csh")

    assert answer.code == 2
    assert answer.errors[0].startswith("error: vllm-cdk8s completion: argument SHELL: invalid choice: 'csh'")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])

    assert caught.value.code == 0
    text = capsys.readouterr().out
    _, _, examples = text.partition("\nexamples:\n")
    lines = [line.strip() for line in examples.splitlines()]
    assert lines
    ours = [line.split(" > ")[0].split() for line in lines if line.startswith("vllm-cdk8s ")]
    assert ours
    for words in ours:
        assert command_parser()[0].parse_args(words[1:]).command == command


def test_no_help_imports_anything_heavy() -> None:
    code = (
        "import sys; from vllm_cdk8s.cli.main import main\n"
        "for command in [[], *([name] for name in sys.argv[1:])]:\n"
        "    try: main([*command, '--help'])\n"
        f"    except SystemExit: print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code, *COMMANDS], capture_output=True, text=True, check=True)

    assert answer.stderr == "[]\n" * (len(COMMANDS) + 1)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("templat", "template"), ("explian", "explain"), ("inti", "init"), ("sise", "size"), ("migrat", "migrate")]
)  # fmt: skip
def test_a_misspelt_command_is_told_the_nearest(word: str, meant: str) -> None:
    answer = run(word)

    assert answer.code == 2
    (line,) = answer.errors
    assert line.startswith(f"error: vllm-cdk8s: {word!r} is not a command; did you mean {meant!r}?; allowed: ")


def test_help_loads_next_to_nothing() -> None:
    # A tenth of a second is all that it may take; rules, errors and metadata are half of that.
    code = (
        "import sys\n"
        "try:\n    import _colorize\nexcept ImportError:\n    pass\n"  # argparse loads it, from Python 3.14 on
        "before = set(sys.modules)\n"
        "from vllm_cdk8s.cli.main import main\n"
        "try:\n    main(['check', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'vllm_cdk8s.core.errors', 'importlib.metadata', 'tempfile', 'dataclasses', 'yaml', 'json'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
