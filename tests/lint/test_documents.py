"""What files hold, with lines; and what cannot be read."""

from io import StringIO
from pathlib import Path

import pytest

from vllm_cdk8s.lint.documents import Document, UnreadableError, files_of, read


def documents(text: str, tmp_path: Path) -> tuple[list[Document], list[str]]:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    problems: list[UnreadableError] = []
    found = list(read(str(path), problems=problems))
    return found, [f"{problem.line}: {problem.reason}" for problem in problems]


def test_lines_are_those_of_the_file_over_all_documents_and_lists(tmp_path: Path) -> None:
    items = "items:\n- kind: Pod\n  spec:\n    x: [1, 2]\n"
    text = f"apiVersion: v1\nkind: A\n---\n# two\napiVersion: v1\nkind: PodList\n{items}"
    (first, second), problems = documents(text, tmp_path)
    assert problems == []
    assert (first.kind, first.line(("kind",))) == ("A", 2)
    assert second.kind == "Pod"
    assert [second.line(path) for path in ((), ("spec",), ("spec", "x", 1), ("spec", "gone", "deeper"))] == [
        8,
        9,
        10,
        9,
    ]


def test_values_are_read_as_kubernetes_reads_them(tmp_path: Path) -> None:
    text = "kind: A\napiVersion: v1\nspec: {a: yes, b: 0755, c: ~, d: 1.5, e: '1', f: 2026-01-01, g: 1:30, h: 0o7}\n"
    (found,), _ = documents(text, tmp_path)
    assert found.data["spec"] == {
        "a": True,
        "b": 493,
        "c": None,
        "d": 1.5,
        "e": "1",
        "f": "2026-01-01",
        "g": "1:30",
        "h": "0o7",
    }


def test_a_key_that_is_there_twice(tmp_path: Path) -> None:
    (found,), _ = documents("kind: A\napiVersion: v1\nspec:\n  a: 1\n  b: 2\n  a: 3\n", tmp_path)
    assert [(d.key, d.first, d.again) for d in found.duplicates] == [("a", 4, 6)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('kind: A\napiVersion: v1\nmetadata: {{ include "x" . }}\n', "3: is a template"),
        ("{{- if .Values.x }}\nkind: A\n{{- end }}\n", "is a template"),
        ("kind: A\n  apiVersion: v1\n", "is not YAML: mapping values are not allowed"),
        ("kind: A\napiVersion: v1\nspec: " + "[" * 300 + "]" * 300, "nested too deeply"),
        ("kind: A\napiVersion: v1\nspec: *nothing\n", "is not YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_one_line_and_the_rest_is_read(text: str, problem: str, tmp_path: Path) -> None:
    found, problems = documents(f"{text}\n---\nkind: B\napiVersion: v1\n", tmp_path)
    assert [document.kind for document in found] == ["B"]
    (said,) = problems
    assert problem in said
    assert "\n" not in said


def test_text_that_other_programs_template_is_not_a_template(tmp_path: Path) -> None:
    (found,), problems = documents("kind: A\napiVersion: v1\nspec: {x: '{{ $labels.pod }}'}\n", tmp_path)
    assert (problems, found.data["spec"]) == ([], {"x": "{{ $labels.pod }}"})


def test_what_is_no_object_of_kubernetes_is_passed_over(tmp_path: Path) -> None:
    assert documents("services: {vllm: {image: x}}\n---\n- a\n---\n\n---\ntext\n", tmp_path) == ([], [])


def test_files_below_a_folder(tmp_path: Path) -> None:
    for name in ("a.yaml", "b/c.yml", "b/d.json", "e.txt", ".hidden/f.yaml", "node_modules/g.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [Path(f).name for f in files_of([str(tmp_path)])] == ["a.yaml", "c.yml", "d.json"]


def test_standard_input_missing_files_and_files_that_are_no_text(tmp_path: Path) -> None:
    problems: list[UnreadableError] = []
    (found,) = read("-", problems=problems, stdin=StringIO("kind: A\napiVersion: v1\n"))
    assert found.file == "<stdin>"
    assert list(read(str(tmp_path / "no.yaml"), problems=problems)) == []
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    assert list(read(str(tmp_path / "b.yaml"), problems=problems)) == []
    assert [problem.reason for problem in problems] == [
        "cannot be read: No such file or directory",
        "is not text in UTF-8",
    ]


def test_comments_that_silence(tmp_path: Path) -> None:
    text = (
        "kind: A  # vllm-cdk8s: ignore VC402 on purpose\n"
        "# vllm-cdk8s: ignore VC501, VC502\n"
        "# more words\n"
        "apiVersion: v1\n"
        "spec: {}\n"
    )
    (found,), _ = documents(text, tmp_path)
    assert found.ignored == {1: frozenset({"VC402"}), 4: frozenset({"VC501", "VC502"})}
