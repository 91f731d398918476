"""A real server of Azure's Blob Storage on loopback: Azurite, which Microsoft keeps for tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests

from mlflow_site import BUCKET, ROOT, free_ports, listens, running

ACCOUNT = "test"
KEY = base64.b64encode(b"an account of the tests").decode()
VERSION = "2021-12-02"


def missing() -> str | None:
    """What this machine lacks to start a site; None for nothing."""
    return None if shutil.which("node") and program() else "Azurite; .ci/azurite --install installs it, with npm"


def program() -> Path | None:
    """Azurite's server of blobs."""
    found = subprocess.run([ROOT / ".ci/azurite"], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


@contextmanager
def azure_site(folder: Path) -> Iterator[str]:
    """A server with one container, named as the bucket; yields its address."""
    (port,) = free_ports(1)
    command: list[str | Path] = [
        "node",
        program() or Path(),
        *("--blobHost", "127.0.0.1", "--blobPort", str(port)),
        *("--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"),
    ]
    address = f"http://127.0.0.1:{port}/{ACCOUNT}"
    with running(command, folder / "azure.log", {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}):
        listens(port)
        make_container(address)
        yield address


def azure_environment(address: str) -> dict[str, str]:
    """The variables with which obstore finds the server."""
    return {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_ENDPOINT": address,
        "AZURE_ALLOW_HTTP": "true",
    }


def make_container(address: str) -> None:
    """obstore makes none. Signed as https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    resource = f"/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container"
    signed = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{VERSION}\n{resource}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)).decode()
    headers = {"x-ms-date": date, "x-ms-version": VERSION, "Authorization": f"SharedKey {ACCOUNT}:{signature}"}
    url = f"{address}/{BUCKET}?restype=container"
    requests.put(url, headers=headers, timeout=30).raise_for_status()
