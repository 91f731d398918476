"""Serves one model over HTTP, and says with every answer which bytes it is.

Run: python serve.py --model MODEL --port PORT        MODEL: a file, name@alias, name:version or sha256:...

GET /healthz    -> {"status": "ok"}
POST /predict   [{"carrier": "UA", ...}, ...] -> {"predictions": [0, ...], "probabilities": [0.17, ...]}
"""

import argparse
import hashlib
import io
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import uvicorn
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

MAX_BODY = 1_000_000


def main() -> None:
    arguments = argparse.ArgumentParser(description="Serve one model on loopback.")
    arguments.add_argument("--model", required=True, metavar="MODEL", help="a file, name@alias or sha256:...")
    arguments.add_argument("--registry", default="file:registry", metavar="URL", help="where references are looked up")
    arguments.add_argument("--port", required=True, type=int)
    arguments.add_argument("--wait", default=0, type=int, metavar="SECONDS", help="for the registry to have the model")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was fetched is removed
    threadpool_limits(1)  # a row is less work than waking a thread
    model = load(given.model, given.registry, given.wait)
    tell(f"server {model.sha256[:12]}: listening on 127.0.0.1:{given.port}")
    uvicorn.run(application(model), host="127.0.0.1", port=given.port, lifespan="off", log_level="warning")


@dataclass(frozen=True)
class Model:
    pipeline: Pipeline
    sha256: str
    """Of the very bytes that were unpickled, not of a file that may have changed since."""

    def predict(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        features = pd.DataFrame(rows).reindex(columns=self.pipeline.feature_names_in_)
        late = self.pipeline.predict_proba(features)[:, 1]
        return {"predictions": (late >= 0.5).astype(int).tolist(), "probabilities": late.tolist()}


def load(reference: str, registry: str, wait: int = 0) -> Model:
    """The model that a path or a registry reference names. Only serve what you trust: loading a model runs it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(reference)
        if not path.is_file():
            path = Path(folder, "model.joblib")
            until = time.monotonic() + wait
            while not pull(reference, registry, path):
                if time.monotonic() > until:
                    sys.exit(f"{reference} is neither a file nor a model of the registry {registry}")
                time.sleep(2)
        content = path.read_bytes()
    return Model(joblib.load(io.BytesIO(content)), hashlib.sha256(content).hexdigest())


def pull(reference: str, registry: str, path: Path) -> bool:
    command = ["mlops-actions", "pull", reference, "--output", path, "--registry", registry]
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        sys.exit("to serve a model of a registry, put mlops-actions on PATH")


def application(model: Model) -> Callable[..., Awaitable[None]]:
    """The ASGI application of one model."""

    async def serve(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        status, answer = respond(model, scope["method"], scope["path"], await body(receive))
        content = json.dumps(answer).encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(content)),
            "x-model-sha256": model.sha256,
        }
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": content})

    return serve


def respond(model: Model, method: str, path: str, content: bytes | None) -> tuple[int, dict[str, Any]]:
    """Status and answer of one request; `content` is None where it was too long."""
    if (method, path) == ("GET", "/healthz"):
        return 200, {"status": "ok"}
    if (method, path) != ("POST", "/predict"):
        return 404, {"error": "there are GET /healthz and POST /predict"}
    if content is None:
        return 413, {"error": f"send at most {MAX_BODY:,} bytes"}
    try:
        rows = rows_of(content)
    except ValueError as error:
        return 400, {"error": str(error)}
    try:
        return 200, model.predict(rows)
    except Exception as error:  # noqa: BLE001  a model may raise anything, and the next request deserves an answer
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        tell(f"server {model.sha256[:12]}: 500 {json.dumps(reason)}")
        return 500, {"error": "the model failed"}


@cache
def tell(line: str) -> None:
    """Print a line the first time: a model that breaks does so at every request."""
    print(line, file=sys.stderr, flush=True)


def rows_of(content: bytes) -> list[dict[str, Any]]:
    """The rows of a request; ValueError says what is wrong with it."""
    rows = json.loads(content, parse_constant=refuse)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("send a JSON list of one or more objects, one a flight")
    return rows


def refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON: send null")


async def body(receive: Callable[[], Awaitable[Any]]) -> bytes | None:
    """The whole body of a request, or None where it is longer than MAX_BODY."""
    content, more = b"", True
    while more:
        message = await receive()
        content = (content + message.get("body", b""))[: MAX_BODY + 1]
        more = message.get("more_body", False)
    return content if len(content) <= MAX_BODY else None


if __name__ == "__main__":
    main()
