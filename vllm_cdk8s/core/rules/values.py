"""The rules VC0xx: values, names and files."""

from __future__ import annotations

from vllm_cdk8s.core.rules.rule import Rule

_K8S = "https://kubernetes.io/docs/"

INVALID = Rule(
    code="VC001",
    name="invalid-value",
    title="A value is wrong by itself: its type, its range or its form",
    why="Kubernetes or vLLM would refuse it, or would read something else than was meant.",
    mend="Use one of the values that the message allows.",
)
CONTRADICTION = Rule(
    code="VC002",
    name="contradiction",
    title="Two things that were said exclude each other",
    why="Whichever wins, somebody who reads the other is misled; mostly nothing runs at all.",
    mend="Say it in one place.",
)
UNWISE = Rule(
    code="VC003",
    name="unwise",
    title="What was asked for may work, but is seldom meant",
    why="It works on some clusters, or until something else changes.",
    mend="Do what the message suggests, or acknowledge the warning.",
)
UNKNOWN_NAME = Rule(
    code="VC004",
    name="unknown-name",
    title="An option, key or value of this name does not exist",
    why="A misspelt name would be ignored, and its value with it.",
    mend="Use the name that the message suggests.",
)
NAME = Rule(
    code="VC005",
    name="invalid-name",
    title="A name is not one that Kubernetes accepts",
    why="The API server refuses the object, and may have accepted others of the same release before it.",
    mend="Use lower-case letters, digits and '-', beginning with a letter, at most 63 characters.",
    source=f"{_K8S}concepts/overview/working-with-objects/names/",
)
UNWRITABLE = Rule(
    code="VC006",
    name="unwritable-text",
    title="A text holds a character, or has a form, that YAML does not carry unchanged",
    why="Kubernetes' YAML reader takes U+0085, U+2028 and U+2029 for line ends, so that text could add fields to the "
    "manifest; other control characters do not parse; words such as 0o644 are read as numbers.",
    mend="Remove the character, or write it by an escape of the program that reads the text.",
    source="https://yaml.org/spec/1.1/#id872840",
)
UNREADABLE = Rule(
    code="VC007",
    name="unreadable-file",
    title="A file cannot be read, or is not what it should be",
    why="What is not understood is not checked.",
    mend="Correct the file at the line that the message names.",
)
DUPLICATE_KEY = Rule(
    code="VC008",
    name="duplicate-key",
    title="A mapping has the same key twice",
    why="Readers keep one of the two values, and not all of them the same one.",
    mend="Keep one.",
)
TAKEN_NAME = Rule(
    code="VC009",
    name="name-taken",
    title="Two objects have the same kind, namespace and name",
    why="The second to be applied overwrites the first.",
    mend="Rename one of them.",
)
SCHEMA = Rule(
    code="VC010",
    name="not-in-the-schema",
    title="A field is not in the Kubernetes API, or its value is not of the field's type",
    why="The API server refuses the manifest, or drops the field without a word.",
    mend="Correct the field as the Kubernetes API reference has it.",
    source=f"{_K8S}reference/kubernetes-api/",
)
RETIRED = Rule(
    code="VC011",
    name="retired-name",
    title="A name of this package that one of its next releases will not have",
    why="It works as before until the release that the message names, and is an unknown name from then on.",
    mend="Write what the message names in its place.",
)
