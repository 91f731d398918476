"""moto's server of AWS, one request at a time. Run in an environment of its own; see .ci/mlflow and .ci/clouds.

It looks for an object and makes it in two steps, where S3's `If-None-Match` is one; a lock makes it one here too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Lock
from typing import Any

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple


def application() -> Callable[..., list[bytes]]:
    """What answers."""
    moto, lock = DomainDispatcherApplication(create_backend_app), Lock()

    def one_at_a_time(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        with lock:
            return list(moto(environ, start_response))

    return one_at_a_time


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), application(), threaded=True, request_handler=MotoRequestHandler)
