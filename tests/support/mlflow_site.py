"""A real MLflow server on PostgreSQL with its artifacts in a local S3 server, as its users run it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import requests

ROOT = Path(__file__).parents[2]
BUCKET = "models"
MOTO = Path(__file__).with_name("moto_server.py")


@dataclass(frozen=True)
class MlflowSite:
    """Where the servers listen."""

    url: str
    """Of an MLflow that anybody may use, and that passes artifacts on."""
    guarded: str
    """Of one that asks for a user and password, and whose clients use the bucket themselves."""
    s3: str
    """Of the S3 server."""


ADMIN, ADMIN_PASSWORD = "admin", "admin-of-the-test"
"""Who may do everything on the guarded server."""


def s3_environment(url: str) -> dict[str, str]:
    """The variables with which obstore and boto3 find a local S3 server."""
    return {
        "AWS_ENDPOINT": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_S3_ENDPOINT_URL": url,
    }


def missing() -> str | None:
    """What this machine lacks to start a site; None for nothing."""
    if not postgresql():
        return "PostgreSQL; .ci/run installs it"
    return None if environment() else "the environment of MLflow; .ci/mlflow --install makes it"


def environment() -> Path | None:
    """The Python environment that MLflow and moto are installed in."""
    found = subprocess.run([ROOT / ".ci/mlflow"], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


def postgresql() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@contextmanager
def mlflow_site(folder: Path) -> Iterator[MlflowSite]:
    """The servers, started side by side and stopped at the end."""
    python = (environment() or Path()) / "bin/python"
    database, s3, open_port, guarded_port = free_ports(4)
    address = f"http://127.0.0.1:{s3}"
    variables = {**os.environ, **s3_environment(address), "PYTHONWARNINGS": "ignore"}
    moto: list[str | Path] = [python, MOTO, str(s3)]
    with running(moto, folder / "s3.log", variables), running_postgresql(folder, database) as uri:
        settings = variables | mlflow_settings(f"{uri}/mlflow")
        guarded = settings | mlflow_settings(f"{uri}/guarded") | guarded_settings(folder, f"{uri}/users")
        served = settings | {
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        }
        with (
            running_mlflow([python, "mlflow.server.fastapi_app:app"], open_port, folder, served),
            running_mlflow([python, "--factory", "mlflow.server.auth:create_app"], guarded_port, folder, guarded),
        ):
            answers(f"{address}/")
            urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT")).close()
            site = MlflowSite(f"http://127.0.0.1:{open_port}", f"http://127.0.0.1:{guarded_port}", address)
            answers(f"{site.url}/health", seconds=120)
            answers(f"{site.guarded}/health", seconds=120)
            yield site


def mlflow_settings(database: str) -> dict[str, str]:
    """What the command line of MLflow would set; without it a server starts in half the time."""
    return {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "_MLFLOW_SGI_NAME": "uvicorn",
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": f"s3://{BUCKET}/direct",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": f"s3://{BUCKET}/served",
    }


def guarded_settings(folder: Path, users: str) -> dict[str, str]:
    """Everybody who is known may read, and nobody else."""
    configuration = folder / "auth.ini"
    configuration.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {users}\nadmin_username = {ADMIN}\n"
        f"admin_password = {ADMIN_PASSWORD}\ngrant_default_workspace_access = true\nauth_cache_ttl_seconds = 5\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    return {"MLFLOW_AUTH_CONFIG_PATH": str(configuration), "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-the-test"}


@contextmanager
def running_mlflow(what: list[str | Path], port: int, folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """One server process; it need not answer yet."""
    python, *app = what
    command = [python, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", *app]
    with running(command, folder / f"mlflow-{port}.log", variables):
        yield


@contextmanager
def running_postgresql(folder: Path, port: int) -> Iterator[str]:
    """A throw-away database; it refuses to run as root, so that its package's user does."""
    programs = postgresql() or Path()
    user = None if os.geteuid() else "postgres"
    # Not below `folder`: pytest keeps its folders to itself, and another run of it would close an opened one again.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as data:
        if user:
            shutil.chown(data, user)
        options = ["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run([programs / "initdb", "-D", data, *options], user=user, cwd="/", check=True, capture_output=True)
        command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), "-k", data, "-h", "127.0.0.1"]
        command += [
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "max_connections=60",
        ]
        with running(command, folder / "postgresql.log", os.environ, user=user):
            listens(port)
            for name in ("mlflow", "guarded", "users"):
                subprocess.run(
                    [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", name], check=True
                )
            yield f"postgresql+psycopg2://postgres@127.0.0.1:{port}"


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, variables: Mapping[str, str], user: str | None = None
) -> Iterator[None]:
    """A process, ended at the end; SIGINT lets PostgreSQL close its connections."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, env=variables, user=user, cwd="/"
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listens(port: int, seconds: float = 20) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def answers(url: str, seconds: float = 30) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


@dataclass(frozen=True)
class Person:
    """Somebody at MLflow's own interface, past us."""

    url: str
    user: str = ADMIN
    password: str = ADMIN_PASSWORD

    def get(self, path: str, /, **fields: str) -> dict[str, Any]:
        """Ask; an answer other than 2xx raises HTTPError."""
        return self._call(requests.get(self._at(path), params=fields, auth=(self.user, self.password), timeout=30))

    def post(self, path: str, /, **fields: Any) -> dict[str, Any]:
        """Tell."""
        return self._call(requests.post(self._at(path), json=fields, auth=(self.user, self.password), timeout=30))

    def delete(self, path: str, /, **fields: Any) -> None:
        """Remove."""
        self._call(requests.delete(self._at(path), json=fields, auth=(self.user, self.password), timeout=30))

    def aliases(self, name: str) -> dict[str, int]:
        """The aliases of a registered model."""
        found = self.get("registered-models/get", name=name)["registered_model"]
        return {one["alias"]: int(one["version"]) for one in found.get("aliases", [])}

    def overwrite(self, artifact: str, content: bytes) -> None:
        """Put other bytes in the place of an artifact that the server passes on."""
        path = artifact.partition("mlflow-artifacts:/")[2]
        url = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
        requests.put(url, data=content, timeout=30).raise_for_status()

    def register(self, name: str, files: Mapping[str, bytes], alias: str | None = None) -> int:
        """Log files as a run's artifacts and register them as its model, as training pipelines do."""
        experiment = self.post("experiments/create", name=f"training-{secrets.token_hex(4)}")["experiment_id"]
        run = self.post("runs/create", experiment_id=experiment, start_time=1)["run"]["info"]
        root = run["artifact_uri"].partition("mlflow-artifacts:/")[2]
        for path, content in files.items():
            self.overwrite(f"mlflow-artifacts:/{root}/model/{path}", content)
        try:
            self.post("registered-models/create", name=name)
        except requests.HTTPError as error:
            if error.response.status_code != 400:
                raise
        source = f"{run['artifact_uri']}/model"
        made = self.post("model-versions/create", name=name, source=source, run_id=run["run_id"])["model_version"]
        if alias:
            self.post("registered-models/alias", name=name, alias=alias, version=made["version"])
        return int(made["version"])

    def _at(self, path: str) -> str:
        return f"{self.url}/api/2.0/mlflow/{path}"

    def _call(self, answer: requests.Response) -> dict[str, Any]:
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
