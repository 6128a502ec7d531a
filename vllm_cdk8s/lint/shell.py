"""A shell's words, as far as they can be read without guessing what a shell would make of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATORS = ("&&", "||", ";;", ";", "|", "&", "\n", "(", ")")
_NAME = regex(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<plain>[A-Za-z_]\w*))")
_DEFAULT = regex(r"\$\{(?P<name>[A-Za-z_]\w*):?-(?P<text>[^${}`\"'\\]*)\}")
_DOCUMENT = regex(r"""<<(?P<tabs>-)?[ \t]*(?:(?P<quote>['"])(?P<quoted>\w+)(?P=quote)|\\?(?P<word>\w+))""")
_ASSIGNMENT = regex(r"(?P<name>[A-Za-z_]\w*)=")


class Word(Struct, frozen=True):
    """One word.

    Attributes:
        text: the word, None where it is not known what it will be.
        line: the line of the script that it begins on; 0 is the first.
        one: whether it is surely one word; an unquoted variable may be none, or several.
        start: what is known of its beginning, such as ``--port=`` of ``--port=$PORT``.
    """

    text: str | None
    line: int = 0
    one: bool = True
    start: str = ""


class NotReadableError(Exception):
    """The script uses what only a shell can read."""


def simple_commands(script: str, variables: Mapping[str, str | None]) -> list[list[Word]]:
    """The simple commands of a script, as words.

    Args:
        script: the text.
        variables: the environment's variables; None as a value for one that is set somewhere else.

    Raises:
        NotReadableError: a quote or a bracket is not closed.
    """
    return _Scanner(script, variables).commands()


class _Scanner:
    def __init__(self, script: str, variables: Mapping[str, str | None]) -> None:
        self._text, self._at, self._line = script, 0, 0
        # What the script itself sets is not known any more.
        assigned = set(
            re.findall(r"(?:^|[\s;&(])(?:export\s+|local\s+|declare\s+(?:-\w+\s+)?)?([A-Za-z_]\w*)\+?=", script)
        )
        assigned |= {name for names in re.findall(r"\bread\s+(?:-\w+\s+)*([\w ]+)", script) for name in names.split()}
        self._variables = {name: value for name, value in variables.items() if name not in assigned}
        self._commands: list[list[Word]] = [[]]
        self._parts: list[str] | None = None
        self._documents: list[tuple[str, bool]] = []
        self._known, self._one, self._start, self._begun = True, True, "", 0

    def commands(self) -> list[list[Word]]:
        while self._at < len(self._text):
            self._step()
        self._end_word()
        return [command for command in self._commands if command]

    def _step(self) -> None:
        text, at = self._text, self._at
        character = text[at]
        if text.startswith("\\\n", at) or text.startswith("\\\r\n", at):
            self._line += 1
            self._at += 2 if text[at + 1] == "\n" else 3
        elif character == "\\":
            self._add(text[at + 1 : at + 2])
            self._at += 2
        elif character == "'":
            self._single()
        elif character == '"':
            self._double()
        elif character in "$`":
            self._expansion(quoted=False)
        elif character == "#" and self._parts is None:
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end
        elif character in " \t\r":
            self._end_word()
            self._at += 1
        elif character in "<>":
            self._redirect()
        elif operator := next((o for o in _OPERATORS if text.startswith(o, at)), None):
            self._end_word()
            self._commands.append([])
            self._at += len(operator)
            if operator == "\n":
                self._line += 1
                self._skip_documents()
        else:
            if character in "*?[" and self._parts is not None and not "".join(self._parts).startswith("-"):
                self._known = False
            self._add(character)
            self._at += 1

    def _skip_documents(self) -> None:
        """The texts behind ``<<``, which are some command's input."""
        for mark, tabs in self._documents:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end].rstrip("\r")
                self._at = min(end + 1, len(self._text))
                self._line += 1
                if (line.lstrip("\t") if tabs else line) == mark:
                    break
        self._documents = []

    def _redirect(self) -> None:
        """``2>&1``, ``>> file``, ``<<EOF``: no argument of the command."""
        if self._parts is not None and "".join(self._parts).isdecimal():
            self._parts = None
        self._end_word()
        if document := _DOCUMENT.match(self._text, self._at):
            self._documents.append((document["quoted"] or document["word"], bool(document["tabs"])))
            self._at = document.end()
            return
        match = re.compile(r"[<>]+(&\d|&-)?[ \t]*").match(self._text, self._at)
        assert match is not None  # noqa: S101 - it begins with one
        self._at = match.end()
        if match[1] is None:
            before = len(self._commands[-1])
            while self._at < len(self._text) and self._text[self._at] not in " \t\n;&|":
                self._step()
            self._end_word()
            del self._commands[-1][before:]

    def _add(self, text: str) -> None:
        if self._parts is None:
            self._parts, self._begun = [], self._line
        self._parts.append(text)

    def _end_word(self) -> None:
        if self._parts is not None:
            text = "".join(self._parts)
            self._commands[-1].append(
                Word(text if self._known else None, self._begun, self._one, text if self._known else self._start)
            )
        self._parts, self._known, self._one, self._start = None, True, True, ""

    def _unknown(self, *, quoted: bool) -> None:
        if self._known:
            self._start = "".join(self._parts or ())
        self._add("")
        self._known = False
        # `--port=$PORT` is one word unless the value has blanks in it.
        self._one = self._one and (quoted or "=" in self._start)

    def _single(self) -> None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise NotReadableError("a quote that is not closed")
        inner = self._text[self._at + 1 : end]
        self._add(inner)
        self._line += inner.count("\n")
        self._at = end + 1

    def _double(self) -> None:
        self._add("")
        self._at += 1
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                return
            if character == "\\" and self._text[self._at + 1 : self._at + 2] in {'"', "\\", "$", "`", "\n"}:
                following = self._text[self._at + 1]
                self._add("" if following == "\n" else following)
                self._line += following == "\n"
                self._at += 2
            elif character in "$`":
                self._expansion(quoted=True)
            else:
                self._add(character)
                self._line += character == "\n"
                self._at += 1
        raise NotReadableError("a quote that is not closed")

    def _expansion(self, *, quoted: bool) -> None:
        text, at = self._text, self._at
        match = _NAME.match(text, at)
        if match:
            value = self._variables.get(match["braced"] or match["plain"])
            self._at = match.end()
            if value is None or (not quoted and (not value or re.search(r"[\s*?\[]", value))):
                self._unknown(quoted=quoted)
            else:
                self._add(value)
            return
        default = _DEFAULT.match(text, at)
        if default:
            self._at = default.end()
            self._unknown(quoted=quoted)
            return
        if text.startswith(("$(", "${"), at):
            self._at = _closing(text, at + 1) + 1
            quoted = quoted or text.startswith("$((", at)  # a number is one word
        elif text[at] == "`":
            end = text.find("`", at + 1)
            if end < 0:
                raise NotReadableError("a backquote that is not closed")
            self._at = end + 1
        elif text[at + 1 : at + 2] in {"@", "*", "#", "?", "$", "!", "-"} or text[at + 1 : at + 2].isdigit():
            self._at = at + 2
        else:
            self._add("$")
            self._at = at + 1
            return
        self._line += text.count("\n", at, self._at)
        self._unknown(quoted=quoted)


def _closing(text: str, at: int) -> int:
    """Where the bracket at this place is closed; quotes in between may hold any."""
    pairs = {"(": ")", "{": "}"}
    close, depth, quote = pairs[text[at]], 0, ""
    opening = text[at]
    for index in range(at, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == opening:
            depth += 1
        elif character == close:
            depth -= 1
            if not depth:
                return index
    raise NotReadableError("a bracket that is not closed")


def without_assignments(command: list[Word]) -> list[Word]:
    """The command behind ``NAME=value`` and behind words that only run what follows them."""
    words = list(command)
    while words:
        first = words[0].text if words[0].text is not None else words[0].start
        if _ASSIGNMENT.match(first) or first in {
            "exec",
            "env",
            "nohup",
            "time",
            "then",
            "do",
            "else",
            "{",
            "!",
            "command",
        }:
            words = words[1:]
        elif first in {"-a", "-u"} or (first == "stdbuf"):
            words = words[2:]
        else:
            break
    return words
