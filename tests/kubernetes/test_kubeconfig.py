"""Every way in that kubectl knows, into a real API server."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernetes_site import Cluster
from mlops_actions.canary_deploy.kubernetes_api import KubernetesApi
from mlops_actions.errors import InputError, MlopsError, OutsideError

NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def file(kubernetes: Cluster, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that the test changes."""
    made = kubernetes.kubeconfig("admin")
    monkeypatch.setenv("KUBECONFIG", str(made))
    return made


def change(file: Path, user: dict[str, Any], **cluster: Any) -> None:
    document = yaml.safe_load(file.read_text())
    document["users"][0]["user"] = user
    document["clusters"][0]["cluster"] |= cluster
    file.write_text(yaml.safe_dump(document))


def is_let_in(context: str | None = None) -> bool:
    return bool(KubernetesApi(context).read(PODS)["kind"] == "PodList")


def openssl(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


def plugin(file: Path, script: str, **more: Any) -> dict[str, Any]:
    program = file.with_name(f"{file.name}-plugin")
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), **more}}


def test_a_token(file: Path) -> None:
    assert is_let_in()


def test_a_token_in_a_file_beside_it(kubernetes: Cluster, file: Path) -> None:
    (file.parent / "token").write_text(f"{kubernetes.tokens['admin']}\n")
    change(file, {"tokenFile": "token"})
    assert is_let_in()


def test_a_token_whose_file_is_gone_is_named(file: Path) -> None:
    change(file, {"tokenFile": "no-token"})
    with pytest.raises(InputError, match=r"no-token: the token cannot be read: No such file or directory\."):
        is_let_in()


def test_an_authority_as_data(kubernetes: Cluster, file: Path) -> None:
    data = base64.b64encode((kubernetes.folder / "server.crt").read_bytes()).decode()
    document = yaml.safe_load(file.read_text())
    document["clusters"][0]["cluster"] = {"server": kubernetes.url, "certificate-authority-data": data}
    file.write_text(yaml.safe_dump(document))
    assert is_let_in()


@pytest.mark.parametrize("as_data", [True, False], ids=["data", "file"])
def test_a_certificate_of_our_own(kubernetes: Cluster, file: Path, tmp_path: Path, *, as_data: bool) -> None:
    openssl(tmp_path, f"req {NEW_KEY} -subj /O=system:masters/CN=anna -keyout key -out csr")
    authority = f"-CA {kubernetes.folder}/server.crt -CAkey {kubernetes.folder}/server.key"
    openssl(tmp_path, f"x509 -req -in csr {authority} -days 2 -out crt")
    names = {"client-certificate": "crt", "client-key": "key"}
    if as_data:
        data = {f"{key}-data": base64.b64encode((tmp_path / name).read_bytes()).decode() for key, name in names.items()}
        change(file, data)
    else:
        change(file, {key: str(tmp_path / name) for key, name in names.items()})
    assert is_let_in()


def test_a_plugin_of_a_cloud_is_asked(kubernetes: Cluster, file: Path) -> None:
    answer = json.dumps({"kind": "ExecCredential", "status": {"token": kubernetes.tokens["admin"]}})
    asked = """echo "$KUBERNETES_EXEC_INFO" | grep -q '"interactive": false' && [ "$1 $REGION" = "token eu" ]"""
    script = f"{asked} && echo '{answer}'"
    change(file, plugin(file, script, args=["token"], env=[{"name": "REGION", "value": "eu"}]))
    assert is_let_in()


@pytest.mark.parametrize(
    ("script", "more", "said"),
    [
        ("echo please log in >&2; exit 1", {}, r"the credential plugin '.*-plugin' failed: please log in$"),
        ("echo hello", {}, r"the credential plugin '.*-plugin' gave no credential \(JSONDecodeError\)"),
        ("", {"command": "no-such-plugin"}, "the credential plugin 'no-such-plugin' is not installed"),
        ("", {"interactiveMode": "Always"}, "the credential plugin .* needs a person"),
    ],
)
def test_a_plugin_that_gives_nothing_is_named(file: Path, script: str, more: dict[str, str], said: str) -> None:
    user = plugin(file, script)
    user["exec"] |= more
    change(file, user)
    with pytest.raises((InputError, OutsideError), match=said):
        is_let_in()


def test_a_certificate_that_has_expired_is_said(file: Path, tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca = ours\n[ours]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\n"
        "default_md = sha256\npolicy = any\n"
        "x509_extensions = server\n[any]\ncommonName = supplied\n[server]\nsubjectAltName = IP:127.0.0.1\n"
    )
    openssl(tmp_path, f"req {NEW_KEY} -subj /CN=old -keyout key -out csr")
    dates = "-startdate 20200101000000Z -enddate 20200102000000Z"
    openssl(tmp_path, f"ca -config ca.cnf -batch -notext -selfsign -keyfile key -in csr {dates} -out crt")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    expired = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    expired.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    server.socket = expired.wrap_socket(server.socket, server_side=True)
    # The handshake fails, and with it the one request that is waited for.
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}"
    change(file, {"token": "x"}, **{"server": url, "certificate-authority": str(tmp_path / "crt")})
    try:
        with pytest.raises(
            OutsideError, match=rf"{url} does not answer: its certificate is not trusted \(certificate has"
        ):
            is_let_in()
    finally:
        thread.join()
        server.server_close()


def test_several_files_are_one(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first").write_text("current-context: test\n")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/first:{tmp_path}/missing:{file}")
    assert is_let_in()


def test_the_account_of_the_pod(kubernetes: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(kubernetes.tokens["admin"])
    (tmp_path / "ca.crt").write_bytes((kubernetes.folder / "server.crt").read_bytes())
    monkeypatch.setattr("mlops_actions.canary_deploy.kubeconfig._POD", tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    host, port = kubernetes.url.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert is_let_in()


@pytest.mark.parametrize(
    ("content", "context", "said"),
    [
        (None, None, "no cluster is configured: there is no .*config, and this is no pod. Set KUBECONFIG to a file"),
        ("", None, "the kubeconfig is empty"),
        ("{", None, "the kubeconfig cannot be read"),
        ("clusters: []", None, "the kubeconfig has no current-context. Add "),
        ("current-context: a", None, "the kubeconfig has no context 'a'"),
        ("current-context: a", "b", "the kubeconfig has no context 'b'"),
        ("{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}]}", None, "has no cluster 'c'"),
    ],
)
def test_a_configuration_that_is_none_is_a_wrong_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, context: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "config").write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(MlopsError, match=said) as raised:
        is_let_in(context)
    assert raised.value.exit_code == InputError.exit_code
