"""What this package costs, as ratios of programs that are run in turn on the same machine.

`make bench`, or `python benchmarks/run.py`; with `--full` four times as many rounds, and a thousand servers. Each of
the programs (with_vllm_cdk8s.py, with_kplus.py, with_dictionaries.py) makes the same four objects per server, which is
checked before anything is measured. What is compared is processor time, of Python and of Node together, so that a busy
machine blurs the ratios less than it would blur a clock; the programs take turns, and a ratio is the median of the
rounds' own ratios.
"""

import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import cdk8s
import yaml

HERE = Path(__file__).parent
OURS, KPLUS, DICTIONARIES = "with_vllm_cdk8s", "with_kplus", "with_dictionaries"


def main() -> None:
    full = "--full" in sys.argv
    rounds, many = (12, 200) if full else (3, 100)
    check_same_objects()
    # As pip leaves an installed package; the others are installed.
    for folder in (HERE.parent / "vllm_cdk8s", HERE):
        compileall.compile_dir(folder, quiet=2)

    whole = turns([OURS, KPLUS], 3 * rounds)
    report("one server, whole process, against the kplus app", ratio(whole, OURS, KPLUS), 0.75)
    calls = {way: max_calls(way) for way in ("--named", "--unnamed")}
    report(
        f"jsii calls per server ({', '.join(f'{way[2:]} {n}' for way, n in calls.items())})", max(calls.values()), 15
    )
    for way in calls:
        found = turns([OURS, KPLUS, DICTIONARIES], rounds, further=many, way=way)
        report(f"each further server, {way[2:]}, against the kplus app", ratio(found, OURS, KPLUS), 0.42)
        report(f"each further server, {way[2:]}, against dictionaries", ratio(found, OURS, DICTIONARIES), 1.4)
    most = 1000 if full else 500
    report("milliseconds to import it on top of cdk8s_plus_27", median(import_milliseconds() for _ in range(5)), 30)
    growth = [further(OURS, most) / further(OURS, 100) for _ in range(3)]
    report(f"each of {most} servers against each of 100", median(growth), 1.2)
    report_memory(most)
    report_commands(2 * rounds)


def report_memory(servers: int) -> None:
    """What Python keeps of each server after the first."""
    first, all_of_them = (int(run(OURS, number, "--named", "--memory")) for number in (1, servers))
    report(f"KiB that Python keeps of each of {servers} servers", (all_of_them - first) / (servers - 1), 100)


def report_commands(rounds: int) -> None:
    """The command line's programs, against others that are run in turn with them."""
    command = [sys.executable, "-m", "vllm_cdk8s"]
    with tempfile.TemporaryDirectory() as folder:
        manifests = Path(folder) / "manifests"
        manifests.mkdir()
        release = subprocess.run([*command, "template", "prod"], **_QUIET, check=True, stdout=subprocess.PIPE).stdout  # type: ignore[call-overload]  # noqa: S603 - our own
        for index in range(100):
            (manifests / f"{index}.yaml").write_bytes(release)
        programs = {
            "--help": [*command, "--help"],
            "template": [*command, "template", "prod"],
            "check": [*command, "check", str(manifests)],
            "import cdk8s": [sys.executable, "-c", "import cdk8s"],
            "import yaml": [sys.executable, "-c", "import yaml"],
            **helm(Path(folder)),
        }
        found: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(rounds):
            for name in programs if turn % 2 == 0 else reversed(programs):
                found[name].append(processor_seconds(programs[name]))
    report("seconds of `vllm-cdk8s --help`", median(found["--help"]), 0.1)
    report("`vllm-cdk8s template` against `import cdk8s`", ratio(found, "template", "import cdk8s"), 0.6)
    if "helm" in found:
        report("`vllm-cdk8s template` against `helm template`", ratio(found, "template", "helm"), 5)
    report("seconds of `vllm-cdk8s check`, 100 files of four objects", median(found["check"]), 5)


def helm(folder: Path) -> dict[str, list[str]]:
    """The command of Helm that renders a chart of the same objects, where Helm is installed."""
    program = shutil.which("helm")
    if program is None:
        return {}
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: vllm\nversion: 1.0.0\n", encoding="utf-8")
    documents = next((folder / "manifests").iterdir()).read_text(encoding="utf-8")
    named = documents.replace("prod-vllm", "{{ .Release.Name }}-vllm")
    (chart / "templates" / "all.yaml").write_text(named, encoding="utf-8")
    return {"helm": [program, "template", "prod", str(chart)]}


_QUIET = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def processor_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, **_QUIET, check=False, stdout=subprocess.DEVNULL, env=_environment())  # type: ignore[call-overload]  # noqa: S603 - our own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE.parent)}


def import_milliseconds() -> float:
    """Without the garbage collector: one pass over what kplus made takes longer than our import, whoever causes it."""
    code = (
        "import gc, time, cdk8s_plus_27; gc.disable(); before = time.process_time(); "
        "from vllm_cdk8s import VllmServer; "
        "print((time.process_time() - before) * 1000)"
    )
    environment = _environment()
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def turns(programs: list[str], rounds: int, *, further: int = 0, way: str = "--unnamed") -> dict[str, list[float]]:
    """Processor seconds of the programs, run in turn: of the whole, or of each server after the first."""
    found: dict[str, list[float]] = {program: [] for program in programs}
    for turn in range(rounds):
        for program in programs if turn % 2 == 0 else reversed(programs):
            found[program].append(per_server(program, further, way) if further else seconds(program, 1, way))
    return found


def further(program: str, servers: int) -> float:
    return per_server(program, servers, "--unnamed")


def per_server(program: str, servers: int, way: str) -> float:
    """Processor seconds of each server after the first, the process itself not counted."""
    return (seconds(program, servers, way) - seconds(program, 1, way)) / (servers - 1)


def seconds(program: str, servers: int, way: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(program, servers, way)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def max_calls(way: str) -> int:
    return int(run(OURS, 3, way, "--calls"))


def run(program: str, servers: int, *flags: str) -> str:
    command = [sys.executable, str(HERE / "measure.py"), program, str(servers), *flags]
    environment = _environment()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    return done.stdout


def ratio(found: dict[str, list[float]], one: str, other: str) -> float:
    """The median of the rounds' own ratios: both programs of a round met the same machine."""
    return median(a / b for a, b in zip(found[one], found[other], strict=True))


def report(what: str, value: float, bar: float) -> None:
    verdict = "" if value <= bar else "   over the bar"
    print(f"{what:<60} {value:6.2f}   (bar {bar:g}){verdict}", flush=True)


# The programs make the same objects.


def check_same_objects() -> None:
    """Stop unless the three programs say the same."""
    sys.path.insert(0, str(HERE))
    import with_dictionaries  # noqa: PLC0415 - found by the line above
    import with_kplus  # noqa: PLC0415
    import with_vllm_cdk8s  # noqa: PLC0415

    ours, kplus, dictionaries = (objects(module) for module in (with_vllm_cdk8s, with_kplus, with_dictionaries))
    if ours != dictionaries:
        raise SystemExit("with_dictionaries.py does not make the same objects as with_vllm_cdk8s.py")
    if missing := lacking(ours, kplus):
        raise SystemExit(f"with_kplus.py does not say what with_vllm_cdk8s.py says: {', '.join(missing)}")


def objects(module: Any) -> dict[str, Any]:
    app = cdk8s.App()
    module.add_server(cdk8s.Chart(app, "llm", namespace="llm"), 0, named=True)
    return {document["kind"]: document for document in yaml.safe_load_all(app.synth_yaml())}


def lacking(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where `found`, which may say more, does not say what is wanted."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [item for key in wanted for item in lacking(wanted[key], found.get(key), f"{path}/{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [item for index, (one, other) in pairs for item in lacking(one, other, f"{path}/{index}")]
    # kplus knows a probe's port by its number alone.
    return [] if wanted == found or path.endswith("/httpGet/port") else [path]


if __name__ == "__main__":
    main()
