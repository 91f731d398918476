"""Spark in this process, or with ENGINE=sc://127.0.0.1:port a Spark Connect server there, started and stopped here."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

ENGINE = os.environ.get("ENGINE", "spark")
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.showConsoleProgress": "false",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    builder = SparkSession.builder
    if ENGINE == "spark":
        builder = builder.master("local[2]")
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield session
        session.stop()
    else:
        with connect_server(int(ENGINE.rpartition(":")[2]), tmp_path_factory.mktemp("connect")):
            session = builder.remote(ENGINE).getOrCreate()
            yield session
            session.stop()


@pytest.fixture
def engine(spark: SparkSession) -> str:
    """What `open_table` is told."""
    return ENGINE


@contextmanager
def connect_server(port: int, folder: Path) -> Iterator[None]:
    """A Spark Connect server of this machine."""
    home = Path(pyspark.__file__).parent
    settings = SETTINGS | {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
    }
    command: list[str | Path] = [home / "bin/spark-submit", "--master", "local[2]", "--driver-memory", "2g"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    variables = {**os.environ, "SPARK_HOME": str(home)}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, "spark-internal"], env=variables, cwd=folder, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 120
            while not _listens(port):
                if time.monotonic() > end or process.poll() is not None:
                    pytest.fail((folder / "server.log").read_text()[-2000:])
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
