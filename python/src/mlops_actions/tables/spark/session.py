"""The Spark that an engine's name stands for."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.extras import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.shell.progress import StageInfo

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


@contextmanager
def share_done(session: SparkSession) -> Iterator[Callable[[], float | None]]:
    """A function that tells how many of the tasks known so far are done, from 0 to 1."""
    if not type(session).__module__.startswith("pyspark.sql.connect."):
        yield partial(_share_here, session)
        return
    told: list[float] = []

    def hear(stages: Iterable[StageInfo] | None, *_: object, **__: object) -> None:
        known = list(stages or ())
        told[:] = [_share([(one.num_completed_tasks, one.num_tasks) for one in known])] if known else []

    session.registerProgressHandler(hear)
    try:
        yield lambda: told[0] if told else None
    finally:
        session.removeProgressHandler(hear)


def _share_here(session: SparkSession) -> float | None:
    tracker = session.sparkContext.statusTracker()
    jobs = [job for id_ in tracker.getActiveJobsIds() if (job := tracker.getJobInfo(id_))]
    stages = [stage for job in jobs for id_ in job.stageIds if (stage := tracker.getStageInfo(id_))]
    return _share([(one.numCompletedTasks, one.numTasks) for one in stages]) if stages else None


def _share(tasks: list[tuple[int, int]]) -> float:
    return sum(done for done, _ in tasks) / max(1, sum(known for _, known in tasks))


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
