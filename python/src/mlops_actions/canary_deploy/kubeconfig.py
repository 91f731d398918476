"""How to reach a Kubernetes cluster, as kubectl finds it: KUBECONFIG, ~/.kube/config, or the pod that we run in."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mlops_actions.errors import InputError, OutsideError

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_PLUGIN_LIMIT = 30.0
_SHOWN = 200

Json = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """A cluster and who we are there."""

    server: str
    """The URL of its API server."""
    context: ssl.SSLContext
    """Whom we trust, and our certificate where we have one."""
    token: Callable[[], str | None]
    """Our token now: it may change while a rollout goes on. Raises as `read_access` does."""


def read_access(context: str | None = None) -> Access:
    """How to reach the cluster of a context, the current one where none is named.

    InputError where there is no configuration, or it is wrong; OutsideError where a credential plugin fails.
    """
    named = os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [Path(name).expanduser() for name in named.split(os.pathsep) if name]
    if documents := [_read(file) for file in files if file.exists()]:
        return _from_files(documents, context)
    if (_POD / "token").exists() and "KUBERNETES_SERVICE_HOST" in os.environ:
        return _from_pod(os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
    raise InputError(
        f"no cluster is configured: there is no {' and no '.join(map(str, files))}, and this is no pod.",
        where="target",
        hint="Set KUBECONFIG to a file that kubectl can use.",
    )


def _from_pod(host: str, port: str) -> Access:
    address = f"[{host}]" if ":" in host else host
    # The token is replaced in its file before it expires.
    trusted = ssl.create_default_context(cafile=str(_POD / "ca.crt"))
    return Access(f"https://{address}:{port}", trusted, lambda: _token_in(_POD / "token"))


def _from_files(documents: list[Json], context: str | None) -> Access:
    name = context or next((one["current-context"] for one in documents if one.get("current-context")), None)
    if not name:
        raise InputError("the kubeconfig has no current-context.", where="target", hint="Add ?context=NAME to it.")
    chosen = _named(documents, "context", str(name))
    cluster, user = (_named(documents, kind, str(chosen.get(kind))) for kind in ("cluster", "user"))
    try:
        authority = cluster.get("certificate-authority"), _decoded(cluster, "certificate-authority")
        trusted = ssl.create_default_context(cafile=authority[0], cadata=authority[1])
        if cluster.get("insecure-skip-tls-verify"):
            trusted.check_hostname, trusted.verify_mode = False, ssl.CERT_NONE
        if certificate := _decoded(user, "client-certificate"):
            _identify(trusted, certificate, _decoded(user, "client-key") or "")
        elif user.get("client-certificate"):
            trusted.load_cert_chain(user["client-certificate"], user.get("client-key"))
        server = str(cluster["server"]).rstrip("/")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"the kubeconfig's context {name!r} cannot be used: {error!r}.", where="target") from None
    return Access(server, trusted, _token_of(user, trusted))


def _token_of(user: Json, trusted: ssl.SSLContext) -> Callable[[], str | None]:
    if "exec" in user:
        plugin = user["exec"]
        if plugin.get("interactiveMode") == "Always":
            raise InputError(f"the credential plugin {plugin.get('command')} needs a person.", where="target")
        return lambda: _ask_plugin(plugin, trusted)
    if "tokenFile" in user:
        return lambda: _token_in(Path(user["tokenFile"]))
    return lambda: user.get("token")


def _token_in(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"the token cannot be read: {why}.", where=str(file)) from None


def _ask_plugin(plugin: Json, trusted: ssl.SSLContext) -> str | None:
    """What a cloud's own program says who we are; it caches by itself."""
    command = [str(plugin.get("command")), *(plugin.get("args") or [])]
    told = {one["name"]: one["value"] for one in plugin.get("env") or []}
    asked = {"apiVersion": plugin.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    try:
        found = subprocess.run(
            command, env=os.environ | told | {"KUBERNETES_EXEC_INFO": json.dumps(asked)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PLUGIN_LIMIT, check=True,
        )  # fmt: skip
        status = json.loads(found.stdout)["status"]
        if certificate := status.get("clientCertificateData"):
            _identify(trusted, certificate, status["clientKeyData"])
        return str(status["token"]) if "token" in status else None
    except FileNotFoundError:
        raise InputError(f"the credential plugin {command[0]!r} is not installed.", where="target") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["it said nothing"])[-1][:_SHOWN]
        raise OutsideError(f"the credential plugin {command[0]!r} failed: {said}") from None
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
        problem = f"the credential plugin {command[0]!r} gave no credential ({type(error).__name__})."
        raise OutsideError(problem) from None


def _identify(trusted: ssl.SSLContext, certificate: str, key: str) -> None:
    """Python reads a certificate of our own from a file only."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{certificate}\n{key}")
        file.flush()
        trusted.load_cert_chain(file.name)


def _read(file: Path) -> Json:
    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"the kubeconfig cannot be read: {type(error).__name__}.", where=str(file)) from None
    if not isinstance(document, dict):
        raise InputError("the kubeconfig is empty.", where=str(file))
    for kind in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        for one in [*(document.get("clusters") or []), *(document.get("users") or [])]:
            held = one.get("cluster") or one.get("user") or {}
            if kind in held:
                # Paths are relative to their file.
                held[kind] = str(file.parent / held[kind])
    return document


def _named(documents: list[Json], kind: str, name: str) -> Json:
    for document in documents:
        for one in document.get(f"{kind}s") or []:
            if one.get("name") == name:
                return dict(one.get(kind) or {})
    raise InputError(f"the kubeconfig has no {kind} {name!r}.", where="target")


def _decoded(held: Json, name: str) -> str | None:
    data = held.get(f"{name}-data")
    return base64.b64decode(data).decode() if data else None
