"""The Spark that an engine's name stands for."""

from __future__ import annotations

import os
import re
import socket
import time
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.extras import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PORT = 15002
_SECONDS = 10


def open_session(engine: str) -> SparkSession:
    """The session of `spark`, as its own configuration says, or of `sc://host:port`, in UTC.

    Raises InputError where pyspark is not installed, OutsideError where nobody listens: Spark's own client would try
    for ten minutes.
    """
    remote = engine.startswith("sc:")
    what = f"`engine: {engine.partition(';')[0]}`"
    pyspark = require("pyspark.sql", "spark-connect" if remote else "spark", what, where="engine")
    if remote:
        _refuse_silence(engine)
    builder = pyspark.SparkSession.builder
    session: SparkSession = (builder.remote(engine) if remote else builder).getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    # Spark takes a moment without zone in Python for one of the process's zone
    os.environ["TZ"] = "UTC"
    time.tzset()
    return session


def _refuse_silence(engine: str) -> None:
    match = re.fullmatch(r"sc://([^/:;]+)(?::(\d+))?(?:/.*)?", engine)
    if match is None:
        raise InputError(f"{engine.partition(';')[0]!r} is no address.", where="engine", hint="Write sc://host:15002.")
    host, port = match[1], int(match[2] or _PORT)
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        raise OutsideError(
            f"no Spark Connect server answers at {host}:{port}: {error.strerror or error}.",
            where="engine",
            hint="Start it, or check the address.",
        ) from None
