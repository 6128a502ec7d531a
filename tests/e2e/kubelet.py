"""A small kubelet: runs a pod's containers as processes of this machine, and does to them what a kubelet does.

Init containers in their order, probes, preStop, SIGTERM, the grace period, SIGKILL, restarts with back-off.
What it does not know, it refuses with NotImplementedError rather than passing over it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.e2e import probes
from tests.e2e.container import (
    ANY_ADDRESS,
    Image,
    NotStartedError,
    Objects,
    Rewriter,
    argv,
    content,
    environment,
    mounts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

Manifest = Mapping[str, Any]

# Said of a pod or a container, and of no effect here: where it runs and with which rights.
NOT_ENFORCED = {
    "affinity", "automountServiceAccountToken", "hostPID", "imagePullSecrets", "nodeSelector", "priorityClassName",
    "resourceClaims", "runtimeClassName", "schedulerName", "securityContext", "serviceAccountName", "tolerations",
    "topologySpreadConstraints",
}  # fmt: skip
OF_A_POD = NOT_ENFORCED | {
    "containers", "enableServiceLinks", "initContainers", "restartPolicy", "terminationGracePeriodSeconds", "volumes",
    "activeDeadlineSeconds",
}  # fmt: skip
OF_A_CONTAINER = {
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports",
    "readinessProbe", "resources", "securityContext", "startupProbe", "terminationMessagePolicy", "volumeMounts",
}  # fmt: skip

FIRST_BACK_OFF, LONGEST_BACK_OFF, FORGIVEN_AFTER = 10, 300, 600
LEAST_GRACE = 2  # after a preStop hook that has used up the grace period
TRY_AGAIN = 10  # a container that could not be started


class Clock:
    """The kubelet's time. Its own tests let it run faster than the world's; nothing else does."""

    def __init__(self, speed: float = 1) -> None:
        self.speed = speed

    def now(self) -> float:
        return time.monotonic() * self.speed

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for the event, so many seconds at most; say whether it came."""
        return event.wait(max(0, seconds) / self.speed)

    def real(self, seconds: float) -> float:
        return seconds / self.speed


@dataclass
class Instance:
    """One life of a container: a process, and all that it has started."""

    process: subprocess.Popen[bytes]
    variables: Mapping[str, str]
    folder: Path
    log: Path
    since: float
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    dying: threading.Event = field(default_factory=threading.Event)
    ready: bool = False

    def run(self, command: list[str], seconds: float) -> int:
        """Run a program in the container, as exec probes and hooks do; TimeoutExpired where it takes too long."""
        process = subprocess.Popen(
            command, env=dict(self.variables), cwd=self.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return process.wait(seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Container:
    """A container of a pod through all its lives."""

    def __init__(self, pod: Pod, manifest: Manifest, *, init: bool = False) -> None:
        if unknown := set(manifest) - OF_A_CONTAINER:
            raise NotImplementedError(f"containers: {sorted(unknown)}")
        self.pod, self.manifest, self.init = pod, manifest, init
        self.name: str = manifest["name"]
        self.lives: list[Instance] = []
        self.exit_codes: list[int] = []
        self.done = threading.Event()
        self.succeeded = False

    @property
    def current(self) -> Instance | None:
        return self.lives[-1] if self.lives and not self.lives[-1].ended.is_set() else None

    @property
    def ready(self) -> bool:
        return self.current is not None and self.current.ready

    @property
    def log(self) -> str:
        """What the last life has written."""
        return self.lives[-1].log.read_text(encoding="utf-8", errors="replace") if self.lives else ""

    def supervise(self) -> None:
        """Start the container, and again after its end, as the pod's restartPolicy says, until the pod stops."""
        clock, pod, back_off = self.pod.clock, self.pod, 0
        while not pod.stopping.is_set():
            try:
                instance = self.start()
            except NotStartedError as error:
                pod.say(f"{self.name}: not started: {error}")
                clock.wait(pod.stopping, TRY_AGAIN)
                continue
            code = self.attend(instance)
            self.exit_codes.append(code)
            pod.say(f"{self.name}: exited with {code}")
            policy = pod.spec.get("restartPolicy", "Always")
            self.succeeded = code == 0
            again = policy == "Always" or (policy == "OnFailure" and code != 0)
            if not again or (self.init and code == 0):
                break
            if clock.now() - instance.since > FORGIVEN_AFTER:
                back_off = 0
            if back_off:
                pod.say(f"{self.name}: back-off of {back_off} s")
                clock.wait(pod.stopping, back_off)
            # The first restart comes at once.
            back_off = min(LONGEST_BACK_OFF, back_off * 2 or FIRST_BACK_OFF)
        self.done.set()

    def start(self) -> Instance:
        pod = self.pod
        folder = pod.folder / self.name
        own = {path: folder / "own" / path.strip("/") for path in pod.image.own_paths}
        places = {**own, **mounts(self.manifest, pod.volumes())}
        for path, place in places.items():
            # A path that ends in no folder's name is a file, as those of /proc are.
            (place.parent if path.startswith("/proc/") else place).mkdir(parents=True, exist_ok=True)
        for path, place in places.items():  # a mount below another one, or below what is the container's own
            above = [other for other in places if path.startswith(f"{other}/")]
            if above:
                nearest = max(above, key=len)
                link = places[nearest] / path.removeprefix(f"{nearest}/")
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.exists():
                    link.symlink_to(place)
        rewrite = Rewriter(places, {ANY_ADDRESS: pod.ip, **pod.names()})
        variables = environment(pod.manifest, self.manifest, pod.objects, pod.image, pod.injected, rewrite)
        command = argv(self.manifest, variables, rewrite)
        self.rewrite = rewrite
        log = folder / f"{len(self.lives)}.log"
        with log.open("wb") as output:
            try:
                # The program is looked for where the container's PATH says, not ours.
                process = subprocess.Popen(
                    command, env=variables, cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL, stdout=output,
                    stderr=subprocess.STDOUT,
                )  # fmt: skip
            except OSError as error:
                raise NotStartedError(f"exec: {command[0]!r}: {error.strerror}") from None
        instance = Instance(process, variables, folder, log, pod.clock.now())
        self.lives.append(instance)
        pod.say(f"{self.name}: started")
        return instance

    def attend(self, instance: Instance) -> int:
        """Probe a container until its end; give its exit code."""
        for kind in () if self.init else ("startup", "liveness", "readiness"):
            if f"{kind}Probe" in self.manifest:
                threading.Thread(target=self.probe, args=(kind, instance), daemon=True).start()
        if "startupProbe" not in self.manifest:
            instance.started.set()
        if "readinessProbe" not in self.manifest:
            threading.Thread(target=self.ready_once_started, args=(instance,), daemon=True).start()
        code = instance.process.wait()
        instance.ended.set()
        instance.ready = False
        with contextlib.suppress(ProcessLookupError):  # what it leaves behind dies with the container
            os.killpg(instance.process.pid, signal.SIGKILL)
        return code

    def ready_once_started(self, instance: Instance) -> None:
        instance.started.wait()
        instance.ready = True

    def probe(self, kind: str, instance: Instance) -> None:
        clock = self.pod.clock
        manifest: Manifest = self.manifest[f"{kind}Probe"]
        timing = probes.Timing.of(manifest)
        counter = probes.Counter(timing)
        for tick in self.ticks(kind, timing, instance):
            if (
                instance.ended.is_set()
                or instance.dying.is_set()
                or (kind != "readiness" and self.pod.stopping.is_set())
            ):
                return
            if kind != "startup" and not instance.started.is_set():
                continue

            # What is asked runs at the world's pace, however fast the kubelet's clock.
            def run(command: list[str], seconds: float) -> int:
                return instance.run([self.rewrite(word) for word in command], seconds)

            wrong = probes.ask(
                manifest, container=self.manifest, ip=self.pod.ip, seconds=max(1, clock.real(timing.timeout)), run=run
            )
            if instance.ended.is_set():
                return
            verdict = counter.take(answered=wrong is None)
            if wrong is not None and kind != "startup":
                self.pod.say(f"{self.name}: {kind} probe at {tick:.0f} s: {wrong}")
            if kind == "readiness" and verdict is not None:
                instance.ready = verdict == "success"
            elif verdict == "success" and kind == "startup":
                self.pod.say(f"{self.name}: startup probe succeeded at {tick:.0f} s")
                instance.started.set()
                return
            elif verdict == "failure":
                self.pod.say(f"{self.name}: {kind} probe failed {timing.failures} times: {wrong}; killing it")
                self.kill(instance, manifest.get("terminationGracePeriodSeconds", self.pod.grace))
                return

    def ticks(self, kind: str, timing: probes.Timing, instance: Instance) -> Iterator[float]:
        """Wait for each tick in its turn; those that were missed during a long answer are left out."""
        clock = self.pod.clock
        if kind == "readiness" and "startupProbe" in self.manifest:
            instance.started.wait()  # the kubelet then asks at once
            yield clock.now() - instance.since
        for at in timing.ticks():
            if at + timing.period < clock.now() - instance.since:
                continue
            if clock.wait(instance.ended, instance.since + at - clock.now()):
                return
            yield at

    def kill(self, instance: Instance, grace: float) -> None:
        """PreStop hook, SIGTERM, and SIGKILL when the grace period is over. Counts from now, the hook included."""
        clock, end = self.pod.clock, self.pod.clock.now() + grace
        if instance.dying.is_set():
            return
        instance.dying.set()
        hook: Manifest = self.manifest.get("lifecycle", {}).get("preStop", {})
        if "exec" in hook:
            command = [self.rewrite(word) for word in hook["exec"]["command"]]
            # A real program's own time, such as sleep's, goes by the world's clock.
            try:
                code = instance.run(command, clock.real(grace))
                self.pod.say(f"{self.name}: preStop exited with {code}")
            except (subprocess.TimeoutExpired, OSError) as error:
                self.pod.say(f"{self.name}: preStop failed: {error}")
        elif "sleep" in hook:
            clock.wait(instance.ended, min(grace, hook["sleep"]["seconds"]))
        elif hook:
            raise NotImplementedError(f"preStop with {sorted(hook)}")
        if instance.ended.is_set():
            return
        self.pod.say(f"{self.name}: SIGTERM")
        instance.process.terminate()
        if not clock.wait(instance.ended, max(LEAST_GRACE, end - clock.now())):
            self.pod.say(f"{self.name}: SIGKILL")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(instance.process.pid, signal.SIGKILL)
            instance.ended.wait()


class Pod:
    """A pod that runs: `with Pod(manifest, ...) as pod: pod.wait_ready(600)`.

    Args:
        manifest: metadata with name, namespace and labels, and spec.
        ip: its address, one of 127.0.0.0/8.
        objects: what it refers to.
        image: what its containers' image brings along; one for all.
        folder: where its volumes and logs go.
        injected: variables of Services and controllers.
        names: what resolves to an address in the pod, and to which.
    """

    def __init__(
        self,
        manifest: Manifest,
        *,
        ip: str,
        objects: Objects,
        image: Image,
        folder: Path,
        clock: Clock | None = None,
        injected: Mapping[str, str] | None = None,
        names: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        metadata = {"namespace": "default", "labels": {}, "annotations": {}, **manifest["metadata"]}
        self.spec: Manifest = manifest["spec"]
        self.manifest = {
            "metadata": metadata, "spec": {"nodeName": "here", **self.spec},
            "status": {"podIP": ip, "hostIP": "127.0.0.1"},
        }  # fmt: skip
        if unknown := set(self.spec) - OF_A_POD:
            raise NotImplementedError(f"pod spec: {sorted(unknown)}")
        self.name: str = metadata["name"]
        self.ip, self.objects, self.image, self.folder = ip, objects, image, folder
        self.clock = clock or Clock()
        self.injected, self.names = injected or {}, names
        self.grace: float = self.spec.get("terminationGracePeriodSeconds", 30)
        self.began = self.clock.now()
        self.stopping = threading.Event()
        self.events: list[str] = []
        self.init_containers = [Container(self, item, init=True) for item in self.spec.get("initContainers", ())]
        self.containers = [Container(self, item) for item in self.spec["containers"]]
        self.thread = threading.Thread(target=self._run, daemon=True)

    def say(self, text: str) -> None:
        self.events.append(f"{self.clock.now() - self.began:7.1f} s  {text}")

    def volumes(self) -> dict[str, Path]:
        """The folder of each volume."""
        return {
            volume["name"]: content(self.objects, self.manifest, volume, self.folder / "volumes" / volume["name"])
            for volume in self.spec.get("volumes", ())
        }

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        for container in self.init_containers:
            container.supervise()
            if not container.succeeded:
                for other in self.containers:
                    other.done.set()
                return
        for container in self.containers:
            threading.Thread(target=container.supervise, daemon=True).start()

    @property
    def ready(self) -> bool:
        return not self.stopping.is_set() and all(container.ready for container in self.containers)

    @property
    def finished(self) -> bool:
        return all(container.done.is_set() for container in self.containers)

    @property
    def succeeded(self) -> bool:
        return self.finished and all(container.succeeded for container in (*self.init_containers, *self.containers))

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait until the condition holds; give the time that it took, in the kubelet's seconds."""
        since = self.clock.now()
        while not condition():
            if self.clock.now() - since > seconds:
                raise TimeoutError(f"{self.name}: not {what} within {seconds:g} s\n{self.report()}")
            time.sleep(0.02)
        return self.clock.now() - since

    def wait_ready(self, seconds: float) -> float:
        return self.wait(lambda: self.ready, seconds, "ready")

    def wait_finished(self, seconds: float) -> float:
        return self.wait(lambda: self.finished, seconds, "finished")

    def stop(self) -> float:
        """Delete the pod; give the time that it took to end, in the kubelet's seconds."""
        since = self.clock.now()
        self.stopping.set()
        threads = [
            threading.Thread(target=container.kill, args=(instance, self.grace), daemon=True)
            for container in (*self.init_containers, *self.containers)
            if (instance := container.current) is not None
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for container in (*self.init_containers, *self.containers):
            if (last := container.current) is not None:
                last.ended.wait()
        return self.clock.now() - since

    def report(self) -> str:
        """What happened, and the end of each container's log."""
        logs = [
            f"--- {container.name}\n" + "\n".join(container.log.splitlines()[-40:])
            for container in (*self.init_containers, *self.containers)
        ]
        return "\n".join([*self.events, *logs])
