"""A cluster of one machine: takes manifests, makes the pods that controllers make, and lets Services reach them."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.e2e.container import Image, Objects, port_of, service_variables
from tests.e2e.kubelet import Clock, Pod
from tests.kubelet import lws_pods

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

Manifest = Mapping[str, Any]


class ServiceProxy:
    """A Service's address: each connection goes to one of the pods that are ready, as kube-proxy sees to."""

    def __init__(self, cluster: Cluster, service: Manifest) -> None:
        self.cluster, self.service = cluster, service
        self.listeners = []
        for port in service["spec"]["ports"]:
            listener = socket.create_server((service["spec"]["clusterIP"], port["port"]))
            self.listeners.append(listener)
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def endpoints(self, port: Manifest) -> list[tuple[str, int]]:
        selector = self.service["spec"]["selector"].items()
        found = []
        for pod in self.cluster.pods:
            metadata = pod.manifest["metadata"]
            if (
                pod.ready
                and metadata["namespace"] == self.service["metadata"]["namespace"]
                and selector <= metadata["labels"].items()
            ):
                target = port.get("targetPort", port["port"])
                found.append((pod.ip, port_of(pod.containers[0].manifest, target)))
        return found

    def _accept(self, listener: socket.socket, port: Manifest) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, port), daemon=True).start()

    def _serve(self, client: socket.socket, port: Manifest) -> None:
        with client:
            endpoints = self.endpoints(port)
            if not endpoints:
                return
            try:
                server = socket.create_connection(random.choice(endpoints), 5)  # noqa: S311 - as kube-proxy does
            except OSError:
                return
            with server:
                server.settimeout(None)
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()

    def close(self) -> None:
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Cluster:
    """`with Cluster(folder, image) as cluster: cluster.apply(documents); pod = cluster.start(deployment)`."""

    def __init__(self, folder: Path, image: Image, *, clock: Clock | None = None) -> None:
        self.folder, self.image, self.clock = folder, image, clock or Clock()
        self.objects = Objects(folder=folder)
        self.services: list[Manifest] = []
        self.proxies: list[ServiceProxy] = []
        self.workloads: list[Manifest] = []
        self.pods: list[Pod] = []
        # Addresses of this process alone, so that several can run at once; 127.0.0.0/8 is this machine to Linux.
        process = os.getpid()
        self.addresses = (f"127.{1 + process // 250 % 250}.{1 + process % 250}.{host}" for host in itertools.count(1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pod in self.pods:
            if not pod.stopping.is_set():
                pod.grace = 0
                pod.stop()
        for proxy in self.proxies:
            proxy.close()

    def apply(self, documents: Iterable[Manifest], *, namespace: str = "default") -> None:
        """Take up objects; those without a namespace go to the given one. Workloads wait for `start`."""
        for given in documents:
            document = {**given, "metadata": {"namespace": namespace, **given["metadata"]}}
            self.objects.put(document)
            if document["kind"] == "Service" and "selector" in document["spec"]:
                service = {**document, "spec": {**document["spec"], "clusterIP": next(self.addresses)}}
                self.services.append(service)
                self.proxies.append(ServiceProxy(self, service))
            elif document["kind"] in {"Deployment", "Job", "LeaderWorkerSet"}:
                self.workloads.append(document)

    def names(self) -> dict[str, str]:
        """What the cluster's DNS would resolve."""
        found = {}
        for service in self.services:
            metadata = service["metadata"]
            short = f"{metadata['name']}.{metadata['namespace']}"
            for name in (short, f"{short}.svc", f"{short}.svc.cluster.local"):
                found[name] = service["spec"]["clusterIP"]
        for workload in self.workloads:
            if workload["kind"] == "LeaderWorkerSet":
                # The headless Service that the controller makes: it gives the pods' own addresses.
                suffix = f"{workload['metadata']['name']}.{workload['metadata']['namespace']}"
                found |= {
                    f"{pod.name}.{suffix}": pod.ip
                    for pod in self.pods
                    if pod.name.startswith(workload["metadata"]["name"])
                }
        return found

    def url(self, name: str) -> str:
        """The address of a Service, by its name."""
        [service] = [service for service in self.services if service["metadata"]["name"] == name]
        return f"http://{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"

    def workload(self, kind: str, name: str | None = None) -> Manifest:
        """The one workload of a kind, or that of a name (or of its beginning, since a Job's ends in a digest)."""
        [found] = [
            item
            for item in self.workloads
            if item["kind"] == kind and (name is None or item["metadata"]["name"].startswith(name))
        ]
        return found

    def start(self, workload: Manifest, *, replicas: int | None = None) -> list[Pod]:
        """Start the pods of a workload."""
        return [self._started(*made) for made in self._made(workload, replicas)]

    def _made(self, workload: Manifest, replicas: int | None) -> Iterator[tuple[Manifest, dict[str, str]]]:
        metadata, spec = workload["metadata"], workload["spec"]
        if workload["kind"] == "LeaderWorkerSet":
            templates = spec["leaderWorkerTemplate"]
            for group in lws_pods(workload):
                for index, pod in enumerate(group):
                    template = templates["leaderTemplate" if index == 0 else "workerTemplate"]
                    labels = {
                        **template["metadata"]["labels"], "leaderworkerset.sigs.k8s.io/worker-index": str(index),
                        "leaderworkerset.sigs.k8s.io/name": metadata["name"],
                    }  # fmt: skip
                    yield _pod(template, pod.name, metadata["namespace"], labels), dict(pod.injected)
            return
        template = spec["template"]
        count = replicas or (spec.get("replicas", 1) if workload["kind"] == "Deployment" else 1)
        for number in range(count):
            name = f"{metadata['name']}-{number}"
            yield _pod(template, name, metadata["namespace"], template["metadata"].get("labels", {})), {}

    def _started(self, manifest: Manifest, injected: dict[str, str]) -> Pod:
        namespace = manifest["metadata"]["namespace"]
        if manifest["spec"].get("enableServiceLinks", True):
            injected = service_variables(self.services, namespace) | injected
        number = len(self.pods)
        pod = Pod(
            manifest, ip=next(self.addresses), objects=self.objects, image=self.image, clock=self.clock,
            names=self.names, injected=injected,
            folder=self.folder / "pods" / f"{number}-{manifest['metadata']['name']}",
        )  # fmt: skip
        self.pods.append(pod)
        return pod.__enter__()


def _pod(template: Manifest, name: str, namespace: str, labels: Mapping[str, str]) -> Manifest:
    metadata = {**template.get("metadata", {}), "name": name, "namespace": namespace, "labels": dict(labels)}
    return {"metadata": metadata, "spec": template["spec"]}
