"""A real Kubernetes API server on etcd, with the Gateway API and KServe's resources, and a gateway that obeys: Traefik.

There are no nodes: Services lead to servers of the test by EndpointSlices made by hand. Their addresses may not be
loopback, so the machine's own is taken.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from canary_site import free_port, until

GATEWAY = "gateway.networking.k8s.io/v1"
RBAC = "rbac.authorization.k8s.io/v1"
_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Cluster:
    """One that is up."""

    folder: Path
    url: str
    tokens: dict[str, str]
    """Of each user; `admin` may do everything, `ci` what the guide's Role lets it."""
    host: str
    """An address of this machine."""
    gateway_port: int
    metrics_port: int

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json", user: str = "admin") -> Any:
        """The answer to one request; an error is one of the test."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": kind}
        data = body if isinstance(body, bytes) else json.dumps(body)
        trusted = str(self.folder / "server.crt")
        answer = requests.request(method, self.url + path, data=data, headers=headers, verify=trusted, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def merge(self, path: str, change: Any) -> Any:
        """A merge patch."""
        return self.ask("PATCH", path, change, "application/merge-patch+json")

    def apply(self, document: dict[str, Any]) -> Any:
        """Server-side apply, as `kubectl apply --server-side -f`."""
        return self.ask("PATCH", f"{path_of(document)}?fieldManager=test&force=true", document, _APPLY)

    def delete(self, document: dict[str, Any]) -> None:
        """As `kubectl delete -f`."""
        self.ask("DELETE", path_of(document))

    def kubeconfig(self, user: str, **cluster: Any) -> Path:
        """A file that lets one user in."""
        held = {"server": self.url, "certificate-authority": "server.crt"} | cluster
        file = self.folder / f"kubeconfig-{user}-{secrets.token_hex(4)}"
        file.write_text(yaml.safe_dump({
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
            "clusters": [{"name": "test", "cluster": {key: value for key, value in held.items() if value is not None}}],
            "users": [{"name": user, "user": {"token": self.tokens.get(user, user)}}],
        }))  # fmt: skip
        return file

    def serve(self, name: str, address: str) -> None:
        """A Service on port 80 that leads to a server of the test."""
        port = int(address.rpartition(":")[2])
        self.apply({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": [{"name": "http", "port": 80, "targetPort": port}]},
        })  # fmt: skip
        self.apply({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
            "endpoints": [{"addresses": [self.host], "conditions": {"ready": True}}],
        })  # fmt: skip
        # What the controllers of a whole cluster make of it: the API server asks a Service by its pods.
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
        self.apply(pod | {"spec": {"containers": [{"name": "model", "image": "model"}]}})
        self.merge(f"{path_of(pod)}/status", {"status": {"podIP": self.host, "podIPs": [{"ip": self.host}]}})
        backing = {"kind": "Pod", "name": name, "namespace": "default"}
        subset = {"addresses": [{"ip": self.host, "targetRef": backing}], "ports": [{"name": "http", "port": port}]}
        self.apply({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}, "subsets": [subset]})

    @contextmanager
    def gateway(self, traefik: str) -> Iterator[subprocess.Popen[bytes]]:
        """Traefik as the gateway's controller and its proxy in one."""
        options = {
            "entrypoints.web.address": f"{self.host}:{self.gateway_port}",
            "entrypoints.metrics.address": f"{self.host}:{self.metrics_port}",
            "providers.kubernetesgateway": "true",
            "providers.kubernetesgateway.endpoint": self.url,
            "providers.kubernetesgateway.token": self.tokens["traefik"],
            "providers.kubernetesgateway.certauthfilepath": str(self.folder / "server.crt"),
            "providers.kubernetesgateway.statusaddress.ip": self.host,
            "providers.providersthrottleduration": "0s",
            "metrics.prometheus.entrypoint": "metrics",
            "global.checknewversion": "false",
        }
        command = [traefik, *(f"--{name}={value}" for name, value in options.items())]
        with running(command, self.folder / "traefik.log") as process:
            yield process

    def is_programmed(self) -> bool:
        """Whether a controller has taken on the gateway since it was started."""
        found = self.ask("GET", f"/apis/{GATEWAY}/namespaces/default/gateways/gateway").get("status", {})
        return any(one["type"] == "Programmed" and one["status"] == "True" for one in found.get("conditions") or [])


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; the test's KUBECONFIG is not for it."""
    environment = {"PATH": os.environ["PATH"]}
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=log.parent, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """The API server, with everything applied to it that a gateway needs."""
    api, store, peer = free_port(), free_port(), free_port()
    tokens = {user: secrets.token_hex(16) for user in ("admin", "traefik", "ci", "reader")}
    made = Cluster(folder, f"https://127.0.0.1:{api}", tokens, own_address(), free_port(), free_port())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    groups = {"admin": "system:masters"}
    rows = [f'{token},{user},{user},"{groups.get(user, "")}"\n' for user, token in made.tokens.items()]
    (folder / "tokens.csv").write_text("".join(rows))
    etcd = [
        os.environ["MLOPS_TEST_ETCD"], "--data-dir", "etcd", "--listen-client-urls", f"http://127.0.0.1:{store}",
        "--advertise-client-urls", f"http://127.0.0.1:{store}", "--listen-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}",
    ]  # fmt: skip
    server = [
        os.environ["MLOPS_TEST_APISERVER"], "--etcd-servers", f"http://127.0.0.1:{store}",
        "--bind-address", "127.0.0.1", "--secure-port", str(api), "--advertise-address", made.host,
        "--endpoint-reconciler-type", "none", "--tls-cert-file", "server.crt", "--tls-private-key-file", "server.key",
        "--service-cluster-ip-range", "10.96.0.0/24", "--service-account-issuer", "https://kubernetes.default.svc",
        "--service-account-signing-key-file", "server.key", "--service-account-key-file", "server.crt",
        "--token-auth-file", "tokens.csv", "--client-ca-file", "server.crt", "--authorization-mode", "RBAC",
        "--disable-admission-plugins", "ServiceAccount", "--profiling=false",
    ]  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(running(etcd, folder / "etcd.log"))
        process = stack.enter_context(running(server, folder / "apiserver.log"))
        until(lambda: _is_ready(made, process), 90)
        _apply_resources(made)
        _let_in(made)
        yield made


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _is_ready(made: Cluster, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, (made.folder / "apiserver.log").read_text()[-2000:]
    try:
        return requests.get(f"{made.url}/readyz", verify=str(made.folder / "server.crt"), timeout=5).text == "ok"
    except requests.RequestException:
        return False


def _apply_resources(made: Cluster) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    names = []
    for file in sorted(Path(os.environ["MLOPS_TEST_CRDS"]).glob("*.yaml")):
        if "_vap_" not in file.name:
            name, _, plural = file.stem.partition("_")
            names.append(f"{plural}.{name}")
            made.ask("PATCH", f"{path}/{names[-1]}?fieldManager=test&force=true", file.read_bytes(), _APPLY)

    def established() -> bool:
        found = {one["metadata"]["name"]: one.get("status", {}) for one in made.ask("GET", path)["items"]}
        return all(
            any(one["type"] == "Established" and one["status"] == "True" for one in found[name].get("conditions") or [])
            for name in names
        )

    until(established, 60)


def _let_in(made: Cluster) -> None:
    """Traefik's own permissions, and a gateway of its class."""
    group = GATEWAY.partition("/")[0]
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [group], "resources": ["*"], "verbs": ["update", "patch"]},
    ]
    made.apply({"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "traefik"}, "rules": everything})
    made.apply({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "traefik"},
        "subjects": [{"kind": "User", "name": "traefik"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "traefik"},
    })  # fmt: skip
    made.apply({
        "apiVersion": GATEWAY, "kind": "GatewayClass", "metadata": {"name": "traefik"},
        "spec": {"controllerName": "traefik.io/gateway-controller"},
    })  # fmt: skip
    listener = {"name": "http", "port": made.gateway_port, "protocol": "HTTP"}
    made.apply({
        "apiVersion": GATEWAY, "kind": "Gateway", "metadata": {"name": "gateway"},
        "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
    })  # fmt: skip


def path_of(document: dict[str, Any]) -> str:
    """Where an object is; all that has a namespace is in `default`."""
    version, kind, name = document["apiVersion"], document["kind"], document["metadata"]["name"]
    plural = kind.lower() + ("es" if kind.endswith("s") else "s") if kind != "Endpoints" else "endpoints"
    whole = kind.startswith("Cluster") or kind in ("GatewayClass", "CustomResourceDefinition")
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{group}/{plural}/{name}" if whole else f"{group}/namespaces/default/{plural}/{name}"
