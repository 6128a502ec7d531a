"""``vllm-cdk8s init``: a small app for a model, sized by the ledger, ready for `cdk8s synth`."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from msgspec import Struct

from vllm_cdk8s.cli.output import CommandError, say
from vllm_cdk8s.core.engine.catalogue import versions
from vllm_cdk8s.core.engine.command import engine_command
from vllm_cdk8s.core.errors import ConflictError
from vllm_cdk8s.core.kube import checks
from vllm_cdk8s.core.models.accelerators import accelerator
from vllm_cdk8s.core.models.facts import known_model, nearest_model
from vllm_cdk8s.core.models.sizing import size_model
from vllm_cdk8s.core.regex import regex

if TYPE_CHECKING:
    import argparse

_NAME = regex(r"[^a-z0-9]+")
_LONGEST_NAME = 40
_APP = Template('''\
"""$title on Kubernetes: `python app.py` (or `cdk8s synth`) writes the manifests to dist/."""

import cdk8s

from vllm_cdk8s import $imports


class Chart(cdk8s.Chart):
    def __init__(self, scope: cdk8s.App, id: str) -> None:
        super().__init__(scope, id)
        ${assigned}VllmServer(
            self,
            "server",
            name="$name",
            model=$quoted,
            image="vllm/vllm-openai:v$vllm",
$options        )
$around

app = cdk8s.App()
Chart(app, "$name")
app.synth()
''')
_DASHBOARD = """
        found_by = {"release": "kube-prometheus-stack"}  # the label that its Prometheus looks for
        PodMonitor(self, "scrape", server=server, labels=found_by)
        Alerts(self, "alerts", server=server, labels=found_by)
        Dashboard(self, "dashboard", server=server)
"""
_CDK8S = """\
language: python
app: python app.py
"""
_README = Template("""\
# $model on Kubernetes

$sizing

## Once

```bash
pip install -r requirements.txt
$secret```

## Make and apply

```bash
python app.py                         # writes dist/$name.k8s.yaml
kubectl apply -f dist/
kubectl rollout status deployment/$name --timeout=${minutes}m
```

## Ask it

```bash
kubectl port-forward service/$name 8000 & sleep 3
curl http://localhost:8000/v1/chat/completions -H 'Content-Type: application/json' \\
  -d $body
```
$dashboard""")
_GATED_STEP = """\
kubectl create secret generic huggingface --from-literal=token="$HF_TOKEN"   # from huggingface.co/settings/tokens
"""
_DASHBOARD_README = """
## Watch it

The pod monitor, the alerts and the dashboard need the Prometheus Operator and Grafana. kube-prometheus-stack has both;
where it is installed under another name, put that into `found_by` in app.py. Open the dashboard "vLLM $name":

```bash
kubectl -n monitoring port-forward service/kube-prometheus-stack-grafana 3000:80
```
"""


class _Answer(Struct, frozen=True, kw_only=True):
    """What the ledger says of the model."""

    gpus: int
    max_model_len: int
    startup_seconds: int
    sentence: str


def run(arguments: argparse.Namespace) -> None:
    """Write the app's files; nothing that is there is written over."""
    engine_command(model=arguments.model)  # which refuses what is not a model's name
    if arguments.count is not None:
        checks.integer("--count", arguments.count, minimum=1)
    if arguments.gpu is not None:
        accelerator(arguments.gpu, option="--gpu")
    name = _name(arguments.model)
    folder = arguments.output or Path(name)
    files = _files(arguments, name, _sized(arguments))
    there = [str(folder / each) for each in files if (folder / each).exists()]
    if there:
        raise CommandError(f"--output: {', '.join(there)} is there already; allowed: another folder")
    _write(folder, files)
    say(f"wrote {', '.join(str(folder / each) for each in files)}; see {folder / 'README.md'}")


def _write(folder: Path, files: dict[str, str]) -> None:
    """All files, or none of them."""
    made = not folder.exists()
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                written.append(folder / name)
                file.write(text)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if made and folder.is_dir():
            folder.rmdir()
        if not isinstance(error, OSError):
            raise
        raise CommandError(f"--output: {folder} cannot be written: {error.strerror}") from error


def _name(model: str) -> str:
    short = _NAME.sub("-", model.rstrip("/").rpartition("/")[2].lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return short if short[:1].isalpha() else f"m-{short}".strip("-")


def _sized(arguments: argparse.Namespace) -> _Answer:
    if known_model(arguments.model) is None:
        gpus = arguments.count or 1
        return _Answer(
            gpus=gpus,
            max_model_len=8192,
            startup_seconds=1800,
            sentence=f"Nothing is known of this model's size{nearest_model(arguments.model)}: look at GPUs, context "
            "and start-up time yourself (`vllm-cdk8s size`).",
        )
    limit = known_model(arguments.model)
    longest = (limit.max_position_embeddings if limit is not None else None) or 8192
    sizing = None
    # As long a context as there is room for, down to what any conversation needs.
    for length in (longest, 32768, 16384, 8192, 4096, 2048):
        if length > longest:
            continue
        try:
            sizing = size_model(
                arguments.model, gpu=arguments.gpu, tensor_parallel_size=arguments.count, max_model_len=length
            )
        except ConflictError:
            if length <= 2048:  # noqa: PLR2004 - the shortest that is tried
                raise
            continue
        break
    assert sizing is not None  # noqa: S101 - the last try raises
    return _Answer(
        gpus=sizing.gpus,
        max_model_len=sizing.max_model_len,
        startup_seconds=sizing.max_startup_seconds,
        sentence=f"{sizing.gpus} x {arguments.gpu or 'a GPU of 80 GB'}, a context of {sizing.max_model_len:,} tokens, "
        f"a claim of {sizing.claim_size}, {sizing.max_startup_seconds} s to start.",
    )


def _files(arguments: argparse.Namespace, name: str, answer: _Answer) -> dict[str, str]:
    options = {
        "gpus": answer.gpus,
        **({} if arguments.gpu is None else {"gpu": f'"{arguments.gpu}"'}),
        "engine_args": f'{{"max_model_len": {answer.max_model_len}}}',
        **({"hf_token": 'SecretKey("huggingface", "token")'} if arguments.gated else {}),
    }
    imports = ["VllmServer"]
    imports += ["SecretKey"] if arguments.gated else []
    imports += ["Alerts", "Dashboard", "PodMonitor"] if arguments.dashboard else []
    app = _APP.substitute(
        title=name if set(arguments.model) & set('"\\') else arguments.model,
        quoted=json.dumps(arguments.model, ensure_ascii=False),
        name=name,
        vllm=versions()[-1],
        imports=", ".join(sorted(imports)),
        assigned="server = " if arguments.dashboard else "",
        options="".join(f"            {key}={value},\n" for key, value in options.items()),
        around=_DASHBOARD if arguments.dashboard else "",
    )
    readme = _README.substitute(
        model=arguments.model,
        body=shlex.quote(json.dumps({"model": arguments.model, "messages": [{"role": "user", "content": "Hello!"}]})),
        name=name,
        sizing=answer.sentence,
        secret=_GATED_STEP if arguments.gated else "",
        minutes=-(-(answer.startup_seconds + 600) // 60),
        dashboard=_DASHBOARD_README.replace("$name", name) if arguments.dashboard else "",
    )
    return {
        "app.py": app,
        "cdk8s.yaml": _CDK8S,
        "requirements.txt": f"vllm-cdk8s[node]=={version('vllm-cdk8s')}\n",
        "README.md": readme,
    }
