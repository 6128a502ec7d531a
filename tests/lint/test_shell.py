"""A shell's words."""

import pytest

from vllm_cdk8s.lint.shell import NotReadableError, simple_commands, without_assignments


def words(script: str, **variables: str | None) -> list[list[str | None]]:
    return [[word.text for word in command] for command in simple_commands(script, variables)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("vllm serve m --port 80", [["vllm", "serve", "m", "--port", "80"]]),
        ("a && b || c; d | e & f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("vllm \\\n serve 'a b' \"c d\" e\\ f", [["vllm", "serve", "a b", "c d", "e f"]]),
        ("x # comment\ny", [["x"], ["y"]]),
        ("x a#b", [["x", "a#b"]]),
        ("x 2>&1 >> /tmp/log a", [["x", "a"]]),
        ("x '{\"a\": $HOME}'", [["x", '{"a": $HOME}']]),
        ('x "$A" ${A} $B', [["x", "1", "1", None]]),
        ('x "pre$(date)" `date` ${C:-d}', [["x", None, None, None]]),
        ("A=2\nx $A", [["A=2"], ["x", None]]),
        ("x \"\" ''", [["x", "", ""]]),
        ("x --a=$B", [["x", None]]),
        ("cat <<'EOF' > f\nit's $A\nEOF\ny", [["cat"], ["y"]]),
        ("cat <<-A <<B\n1\n\tA\n2\nB\ny", [["cat"], ["y"]]),
        ("until a; do\nsleep 1\ndone && y", [["until", "a"], ["do"], ["sleep", "1"], ["done"], ["y"]]),
    ],
)  # fmt: skip
def test_words(script: str, expected: list[list[str | None]]) -> None:
    assert words(script, A="1", B=None) == expected


@pytest.mark.parametrize("script", ["x 'open", 'x "open', "x $(open", "x `open"])
def test_what_only_a_shell_can_read(script: str) -> None:
    with pytest.raises(NotReadableError):
        simple_commands(script, {})


def test_an_unquoted_variable_may_be_several_words() -> None:
    (command,) = simple_commands('x $EXTRA "$ONE" --port=$PORT $BLANK', {"BLANK": "a b"})
    assert [(word.one, word.start) for word in command[1:]] == [(False, ""), (True, ""), (True, "--port="), (False, "")]


def test_words_know_their_line() -> None:
    (_, command) = simple_commands("a\nvllm serve \\\n  --seed 1", {})
    assert [word.line for word in command] == [1, 1, 2, 2]


def test_a_document_in_a_script_counts_as_lines() -> None:
    commands = simple_commands("cat <<EOF > f\na\nb\nEOF\nvllm serve", {})
    assert [word.line for word in commands[-1]] == [4, 4]


def test_what_only_runs_what_follows() -> None:
    (command,) = simple_commands("A=1 exec env B=2 vllm serve", {})
    assert [word.text for word in without_assignments(command)] == ["vllm", "serve"]
