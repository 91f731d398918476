"""Spark in this process, or at the end of a Spark Connect address: ENGINE says which."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    engine = os.environ.get("ENGINE", "spark")
    settings = {"ui.enabled": "false", "sql.shuffle.partitions": "2", "ui.showConsoleProgress": "false"}
    builder = SparkSession.builder
    if engine == "spark":
        builder = builder.master("local[2]")
    else:  # a server of our own, on the port that the address names
        builder = builder.remote("local[2]")
        settings["connect.grpc.binding.port"] = engine.rpartition(":")[2]
    for name, value in settings.items():
        builder = builder.config(f"spark.{name}", value)
    session = builder.getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    yield session
    session.stop()


@pytest.fixture
def engine(spark: SparkSession) -> str:
    """What `open_table` is told."""
    return os.environ.get("ENGINE", "spark")
