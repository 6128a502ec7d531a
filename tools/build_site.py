"""Build the documentation as a site: `make docs`. ``--stage`` writes its sources alone.

The pages are the ones that GitHub shows. Here they are laid side by side in build/site-source, with links that lead to
files of the repository turned into links to copies of them, and with the reference beside them, which mkdocstrings
makes of the docstrings. Zensical then builds build/site by mkdocs.yml, and every link in what it built is followed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vllm_cdk8s.core.engine.catalogue import history, release, versions
from vllm_cdk8s.core.server.options import ServerOptions
from vllm_cdk8s.helm.reference import default_values_text

ROOT = Path(__file__).parents[1]
SOURCE, SITE = ROOT / "build" / "site-source", ROOT / "build" / "site"
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
MERMAID = ROOT / "build" / "mermaid" / "package" / "dist" / "mermaid.min.js"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]+)?\)")

# The reference: a page for each of these, in the order of the navigation.
REFERENCE = {
    "servers": ("Servers", ["VllmServer", "ServerOptions", "PodOptions", "MultiNodeVllmServer", "RayVllmServer",
                            "DisaggregatedServer", "DisaggregatedSet", "Pool", "Nixl", "SharedFiles", "PairProxy",
                            "RoutingSidecar", "VllmChart"]),
    "engine": ("The engine", ["EngineArgs", "KvOffload", "KvEvents", "FastStart", "Tracing", "AccessLog"]),
    "pods": ("Pods", ["Resources", "SecretKey", "KaiShare", "KueueQueue", "Gang", "DeviceClaim",
                      "DeviceClaimTemplate", "SlowStartProbes", "ManualProbes", "HttpProbe", "DropCacheWrapper"]),
    "models": ("Models and storage", ["ModelStorage", "ModelDownload", "InitDownload", "HubModel", "LoraAdapters",
                                      "LoraAdapter", "ChatTemplate", "size_model", "Sizing", "known_models",
                                      "NodeModelCache", "RunaiStreamer", "Tensorizer", "S3Storage", "GoogleStorage",
                                      "AzureStorage"]),
    "traffic": ("Traffic", ["Ingress", "IngressHost", "IngressPath", "IngressTls", "HTTPRoute", "GatewayRef",
                            "RouteMatch", "WeightedBackend", "InferencePool", "EndpointPicker", "Router",
                            "ServerNetworkPolicy", "Egress"]),
    "operation": ("Operation", ["Autoscaling", "ExternalMetric", "QueueAutoscaler", "TriggerAuthentication",
                                "HttpAutoscaler", "PodDisruptionBudget", "spread_pods", "PodMonitor", "ServiceMonitor",
                                "Alerts", "Dashboard", "SmokeTest"]),
    "security": ("Security levels", ["NonRoot", "RestrictedNamespace", "PrivilegedNamespace",
                                     "PrivilegedPodSecurityPolicy"]),
    "errors": ("Errors", ["VllmCdk8sError", "InvalidOptionError", "ConflictError", "VllmCdk8sWarning"]),
}  # fmt: skip
_KEYWORDS = {"model", "host", "port", "api_key"}
_VALUES = """# Values

All values of `vllm-cdk8s template` and `VllmChart`, with their defaults, as `vllm-cdk8s values` prints them.
`vllm-cdk8s schema` prints their JSON Schema.

```yaml
{values}
```
"""
_OPTIONS = """---
hide: [toc]
---
# vLLM's options

What `engine_args` takes: every option of `vllm serve` from vLLM {first} to {last}, read from vLLM's own parsers, but
for the keywords of a server (`model`, `host`, `port`, `api_key`). Type and default are those of the newest release that
has it. [The engine's command line](../engine.md) says how they are checked.

| option | releases | takes | default |
|---|---|---|---|
{rows}
"""
# Their attributes and methods that are for users; the others are for what stands around them.
_SERVER = ["service", "url", "pods", "labels", "explain", "patch_pod", "pod_security_level"]
MEMBERS = {
    "VllmServer": ["deployment", *_SERVER],
    "MultiNodeVllmServer": _SERVER,
    "RayVllmServer": _SERVER,
    "DisaggregatedServer": ["service", "url"],
    "ModelStorage": ["from_claim", "host_path", "direct_host_path", "nfs", "image", "none", "claim_name", "mount_path"],
    "NodeModelCache": ["download"],
    "ChatTemplate": ["from_file", "from_config_map"],
    "DeviceClaimTemplate": ["claim"],
    "InferencePool": ["from_pool_name"],
    "EndpointPicker": ["pods"],
    "Router": ["service", "url", "pods"],
    "SmokeTest": ["name", "pods"],
    "Sizing": ["fits", "as_data", "table"],
    "VllmCdk8sError": ["lines", "option", "code"],
}


def pages() -> dict[Path, str]:
    """Give each page's file in the repository, and its place in the site."""
    found = {
        ROOT / "README.md": "index.md",
        ROOT / "CONTRIBUTING.md": "contributing.md",
        ROOT / "CHANGELOG.md": "changelog.md",
        ROOT / "SECURITY.md": "reporting.md",
        ROOT / "examples" / "README.md": "examples/index.md",
    }
    found |= {path: path.name for path in sorted((ROOT / "docs").glob("*.md"))}
    return found | {path: f"examples/{path.parent.name}.md" for path in sorted((ROOT / "examples").glob("*/README.md"))}


def stage(target: Path) -> None:
    """Write the sources of the site to a folder, which is made anew."""
    shutil.rmtree(target, ignore_errors=True)
    places = pages()
    for path, place in places.items():
        text = "".join(
            part if part.lstrip().startswith("```") else _relinked(part, path, place, places, target)
            for part in FENCE.split(path.read_text(encoding="utf-8"))
        )
        _write(target / place, text.replace("<details>", '<details markdown="1">'))
    shutil.copy(ROOT / "tools" / "site.css", target)
    _write(target / "reference" / "values.md", _VALUES.format(values=default_values_text().rstrip()))
    _write(target / "reference" / "engine-options.md", _engine_options())
    for name, (title, names) in REFERENCE.items():
        _write(target / "reference" / f"{name}.md", f"# {title}\n" + "".join(map(_entry, names)))


def _engine_options() -> str:
    """The table of vLLM's options, each as its newest release has it."""
    rows = []
    for name in sorted({name for version in versions() for name in release(version).names} - _KEYWORDS):
        found = [release(version).option(name) for version in versions()]
        option = next(each for each in reversed(found) if each is not None)
        allowed = ", ".join(f"`{choice}`" for choice in option.choices) or f"{option.type.replace('_', ' ')}"
        several = {"list": ", several", "append": ", again and again", "optional": ", or nothing"}.get(option.kind, "")
        default = "" if option.default is None else f"`{json.dumps(option.default)}`".replace("|", "&#124;")
        gone = " (deprecated)" if option.deprecated else ""
        releases = "all" if all(found) else str(history(name)).removeprefix("vLLM ")
        rows.append(f"| `{name}`{gone} | {releases} | {allowed}{several} | {default} |")
    return _OPTIONS.format(rows="\n".join(rows), first=versions()[0], last=versions()[-1])


def _entry(name: str) -> str:
    members = MEMBERS.get(name)
    options = f"    options: {{inherited_members: true, members: {json.dumps(members)}}}\n" if members else ""
    return f"\n::: vllm_cdk8s.{name}\n{options}"


def _relinked(text: str, path: Path, place: str, places: dict[Path, str], target: Path) -> str:
    def link(match: re.Match[str]) -> str:
        image, label, to, anchor = match.groups(default="")
        file = Path(os.path.normpath(path.parent / to))
        if file.is_dir():
            return label
        if file not in places and not (target / _copied(file)).exists():
            (target / _copied(file)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target / _copied(file))
        there = os.path.relpath(places.get(file, _copied(file)), Path(place).parent)
        return f"{image}[{label}]({there}{anchor})"

    return LINK.sub(link, text)


def _copied(file: Path) -> str:
    return f"files/{file.relative_to(ROOT).as_posix()}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class _Page(HTMLParser):
    """The ids of a built page, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids |= {values[name] or "" for name in ("id", "name") if name in values}
        self.links |= {values[name] or "" for name in ("href", "src") if name in values and tag != "link"}


def broken_links(site: Path) -> list[str]:
    """Give each link of a built site that leads to no file, or to no heading of one."""
    read = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = []
    for path, page in read.items():
        if path.name == "404.html":  # its links are of the place where the site will be
            continue
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            there = there / "index.html" if there.is_dir() else there
            missing = not there.exists() or (
                parts.fragment and there in read and unquote(parts.fragment) not in read[there].ids | {"__top"}
            )
            if missing:
                found.append(f"{path.relative_to(site)}: {link}")
    return found


def bring_mermaid(site: Path) -> None:
    """Have the pages that draw with Mermaid load a copy of the site's own; the theme would ask the internet for one."""
    shutil.copy(MERMAID, site / "assets")
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if '<pre class="mermaid">' in text:
            to = os.path.relpath(site / "assets" / MERMAID.name, path.parent)
            path.write_text(text.replace("</head>", f'<script src="{to}"></script></head>', 1), encoding="utf-8")


def main() -> None:
    stage(SOURCE)
    if "--stage" in sys.argv[1:]:
        return
    built = subprocess.run(  # noqa: S603 - of our own environment
        [Path(sys.executable).parent / "zensical", "build", "--clean", "--strict", "-f", ROOT / "mkdocs.yml"],
        cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode:
        sys.exit(built.stdout + built.stderr)
    bring_mermaid(SITE)
    broken = broken_links(SITE)
    if broken:
        sys.exit("\n".join([f"{len(broken)} links lead nowhere:", *broken]))
    servers = (SITE / "reference" / "servers.html").read_text(encoding="utf-8")
    hidden = [option for option in ServerOptions.__annotations__ if f"<b><code>{option}</code></b>" not in servers]
    if hidden:
        sys.exit(f"the reference does not show {', '.join(hidden)}")
    print(f"{len(list(SITE.rglob('*.html')))} pages in {SITE.relative_to(ROOT)}; open index.html or serve the folder")


if __name__ == "__main__":
    main()
