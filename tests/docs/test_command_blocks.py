"""Every command that the documentation prints runs, in the order of its page.

`kubectl`, `helm`, `curl`, `pip`, `python` and `make` are stand-ins, which write down how they were called;
`vllm-cdk8s` is the real one. What was called is then read as the real programs would: by a table of their flags, which
is compared with the programs themselves where they are installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(path.relative_to(ROOT)) for folder in ("docs", "examples") for path in (ROOT / folder).glob("*.md")),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples").glob("*/README.md")),
]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
SHELLS = {"sh", "shell", "console", "text", ""}
APP = re.compile(r'^```python\n(""".*\bdist/.*?)^```$', re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\s*(?:\$ )?(?:kubectl|helm|curl) ", re.MULTILINE)
END = "\x1e"

# A release of the published chart: what its user set, and what is in effect.
USER_VALUES = {"resources": {"limits": {"nvidia.com/gpu": 1}}, "vllm": {"model": "Qwen/Qwen3-8B", "maxModelLen": 8192}}
ALL_VALUES = {"replicaCount": 1, "image": {"repository": "nvcr.io/nvidia/vllm", "tag": "25.09-py3"}, **USER_VALUES}
LOG = "Starting vLLM server on http://127.0.0.1:8000\\nGPU KV cache size: 105,472 tokens"

RECORD = f"""#!/bin/sh
printf '%s\\0' "${{0##*/}}" "$@" '{END}' >> "$RECORD"
"""
STAND_INS = {
    "kubectl": f"""{RECORD}
previous=
for argument in "$@"; do
  [ "$argument" = -- ] && break
  case "$previous" in -f|--filename)
    if [ "$argument" = - ]; then cat > /dev/null
    elif [ ! -e "$argument" ]; then echo "error: the path \\"$argument\\" does not exist" >&2; exit 1
    fi
  esac
  previous=$argument
done
case " $* " in
  *jsonpath*) printf c2VjcmV0 ;;
  *" -o name "*) echo service/llm ;;
  *" -o yaml "*) echo 'kind: List' ;;
  *" logs "*) printf '{LOG}\\n' ;;
esac
""",
    "helm": f"""{RECORD}
case "$1 $2" in
  "get values") case " $* " in *" -a "*) printf '%s' "$ALL_VALUES" ;; *) printf '%s' "$USER_VALUES" ;; esac ;;
  "get manifest") cat '{ROOT}/tests/helm/releases/vllm-helm-manifest.yaml' ;;
esac
""",
    "curl": RECORD + "echo '{}'\n",
    "kind": RECORD,
    "pip": RECORD,
    "make": RECORD + '[ "$1" != synth ] || mkdir -p dist\n',
    "sleep": "#!/bin/sh\n",  # nothing here takes time to be ready
    "openssl": RECORD + "echo 0123456789abcdef\n",
    "python": f"""{RECORD}
case "$*" in
  app.py) [ -f app.py ] && mkdir -p dist && for file in $WRITES; do : > "$file"; done ;;
  "-m venv .venv") mkdir -p .venv/bin && : > .venv/bin/activate ;;
  *) echo "what is python $*?" >&2; exit 64 ;;
esac
""",
    "vllm-cdk8s": f"""{RECORD}
exec '{sys.executable}' -c 'import sys; from vllm_cdk8s.cli.main import main; sys.exit(main())' "$@"
""",
}
STAND_INS["python3"] = STAND_INS["python"]

# The flags of each command, of which those of more words come first.
EVERYWHERE = {"kubectl": {"-n", "--namespace"}, "helm": {"-n", "--namespace"}}
FLAGS = {
    "kubectl": {
        "apply edit-last-applied": "",
        "apply set-last-applied": "-f --filename --create-annotation",
        "create secret generic": "--from-literal --from-file",
        "create namespace": "",
        "rollout restart": "-l",
        "rollout status": "-l --selector --timeout --watch",
        "apply": "-f --filename -l --selector --server-side --force-conflicts --dry-run",
        "create": "-f --filename",
        "delete": "-f --filename -l --selector",
        "describe": "-l --selector -A",
        "diff": "-f --filename --server-side",
        "exec": "-c --container -i -t",
        "get": "-l --selector -o --output -w --watch -A --all-namespaces --field-selector --sort-by",
        "label": "--overwrite -l",
        "logs": "-c --container -f --follow -p --previous --tail --since -l --selector",
        "port-forward": "",
        "replace": "-f --filename",
        "run": "--rm -i --stdin --restart --image",
        "wait": "-l --selector --for --timeout",
    },
    "helm": {
        "get manifest": "--revision",
        "get values": "-a --all -o --output --revision",
        "history": "--max -o --output",
        "install": "--create-namespace -f --values --set --version",
        "rollback": "--force-conflicts --wait --timeout",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block of commands, how it ended, which commands it called, and the files that lie in the folder then."""

    text: str
    code: int
    said: str
    calls: list[list[str]]
    files: dict[str, str]


def blocks(page: str) -> list[tuple[str, str]]:
    """Give the language and the text of each fenced block of a page."""
    return [(language, dedent(text)) for _, language, text in FENCE.findall((ROOT / page).read_text(encoding="utf-8"))]


@cache
def run(page: str) -> tuple[Block, ...]:
    """Run a page's blocks one after the other, in a folder like the clone that its reader has."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "clone"
        shutil.copytree(ROOT / "examples", folder / "examples", symlinks=True)
        shutil.copy(ROOT / "examples" / "helm-migration" / "values.yaml", folder)
        # The page's own app, and what it writes where the page shows it run.
        text = (ROOT / page).read_text(encoding="utf-8")
        app = APP.search(text)
        if app is not None:
            (folder / "app.py").write_text(app[1], encoding="utf-8")
        if "\n$ python app.py\n" in text:
            (folder / "dist").mkdir()
        programs = Path(name) / "bin"
        programs.mkdir()
        for program, text in STAND_INS.items():
            (programs / program).write_text(text)
            (programs / program).chmod(0o755)
        example = Path(page).parent
        where = folder / example if example.parent.name == "examples" else folder
        return tuple(_run_block(text, where, programs, example.name) for kind, text in blocks(page) if kind == "bash")


def _run_block(text: str, folder: Path, programs: Path, example: str) -> Block:
    record = programs.parent / "record"
    record.write_text("")
    golden = ROOT / "tests" / "golden" / "test_examples" / f"{example}.yaml"
    ended = subprocess.run(
        [shutil.which("bash") or "/bin/bash", "-eu", "-o", "pipefail", "-c", text + "\nwait"],
        cwd=folder,
        env={
            "HOME": str(programs.parent),
            "HF_TOKEN": "a-token",
            "AWS_ACCESS_KEY_ID": "an-id",
            "AWS_SECRET_ACCESS_KEY": "a-key",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RECORD": str(record),
            "ALL_VALUES": yaml.safe_dump(ALL_VALUES),
            "USER_VALUES": yaml.safe_dump(USER_VALUES),
            "WRITES": " ".join(re.findall(r"^# (dist/\S+)$", golden.read_text(), re.MULTILINE))
            if golden.exists()
            else "",
            **{name: os.environ[name] for name in ("JSII_NODE",) if name in os.environ},
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    calls = [call.split("\0")[:-1] for call in record.read_text().split(f"{END}\0") if call]
    files = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    return Block(text=text, code=ended.returncode, said=ended.stderr, calls=calls, files=files)


def unknown_flags(call: list[str]) -> list[str]:
    """Give the flags of a call that its program does not have."""
    program, *arguments = call
    arguments = arguments[: arguments.index("--")] if "--" in arguments else arguments
    words, flags, named = [], [], False
    for argument in arguments:
        if not named and argument.startswith("-") and argument != "-":
            flags.append(argument.split("=")[0])
            named = argument in EVERYWHERE[program]
        elif named:
            named = False
        else:
            words.append(argument)
    command = next((each for each in FLAGS[program] if words[: len(each.split())] == each.split()), None)
    if command is None:
        return [" ".join(call[:3])]
    return [flag for flag in flags if flag not in EVERYWHERE[program] | set(FLAGS[program][command].split())]


def assert_sensible(call: list[str]) -> None:
    """Check of a call what can be checked without the program that it calls."""
    program, *arguments = call
    if program in FLAGS:
        assert unknown_flags(call) == [], call
    elif program == "make":
        targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert {word for word in arguments if "=" not in word} <= targets, call
    elif program == "curl":
        assert [each for each in arguments if re.match(r"https?://", each)], call
        assert all(json.loads(text) for flag, text in pairwise(arguments) if flag == "-d"), call
    elif program == "pip":
        extras = re.findall(
            r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text().split("optional-dependencies")[1], re.MULTILINE
        )
        assert set(re.findall(r"\[(\w+)\]", " ".join(arguments))) <= set(extras), call


@pytest.mark.parametrize("page", [page for page in PAGES if any(kind == "bash" for kind, _ in blocks(page))])
def test_each_command_of_a_page_runs(page: str) -> None:
    for block in run(page):
        assert block.code == 0, f"{block.text}\n{block.said}"
        assert block.calls, block.text
        for call in block.calls:
            assert_sensible(call)


@pytest.mark.parametrize("page", PAGES)
def test_no_command_hides_from_these_tests(page: str) -> None:
    assert [text for kind, text in blocks(page) if kind in SHELLS and COMMAND.search(text)] == []


@pytest.mark.parametrize(
    "call",
    [
        ["kubectl", "get", "pods", "--selektor=a=b"],
        ["kubectl", "-n", "llm", "aply", "-f", "x.yaml"],
        ["helm", "rollback", "prod", "1", "--force-conflict"],
        ["helm", "get", "values", "prod", "--everything"],
    ],
)
def test_what_kubectl_and_helm_do_not_know_is_found(call: list[str]) -> None:
    assert unknown_flags(call) != []


@pytest.mark.parametrize("program", ["kubectl", "helm"])
def test_the_real_programs_know_these_flags(program: str) -> None:
    binary = shutil.which(program)
    if binary is None:
        pytest.skip(f"no {program} here")
    if (
        program == "helm"
        and "v4." not in subprocess.run([binary, "version"], capture_output=True, text=True, check=True).stdout
    ):
        pytest.skip("the page is about Helm 4")
    inherited = subprocess.run([binary, "options"], capture_output=True, text=True, check=False).stdout
    for command, flags in FLAGS[program].items():
        known = subprocess.run([binary, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
        for flag in flags.split():
            assert re.search(rf"(?<![\w-]){flag}\b", known + inherited), (command, flag)


def calls_of(page: str, program: str) -> list[list[str]]:
    """Give how a page calls a program."""
    return [call for block in run(page) for call in block.calls if call[0] == program]


def test_a_takeover_keeps_the_image_of_the_release() -> None:
    rendered = run("docs/migrating-from-helm.md")[-1].files["prod.yaml"]
    pods = [each["spec"]["template"]["spec"] for each in yaml.safe_load_all(rendered) if each["kind"] == "Deployment"]
    assert [pod["containers"][0]["image"] for pod in pods] == ["nvcr.io/nvidia/vllm:25.09-py3"]


def test_the_way_back_names_a_revision_and_takes_the_fields_back() -> None:
    back = [call for call in calls_of("docs/migrating-from-helm.md", "helm") if call[1] == "rollback"]
    assert back == [["helm", "rollback", "prod", "1", "-n", "llm", "--force-conflicts"]]
