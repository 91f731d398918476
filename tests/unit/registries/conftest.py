"""Places to keep objects: a real disk, and obstore's store in memory, which takes the way of a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest
from obstore.store import MemoryStore

from mlops_actions.registries.objects import Objects


@pytest.fixture(params=["disk", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "disk":
        return Objects(f"file:{tmp_path}/registry")
    bucket = Objects("s3://bucket/registry")
    bucket.__dict__["_store"] = MemoryStore()
    return bucket
