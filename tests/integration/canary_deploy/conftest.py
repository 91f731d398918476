"""Everything that a test starts is stopped by its number or its handle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from canary_site import MODEL, Backend, Load, Site, free_port
from mlops_actions.evidence import digest_bytes


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "model.bin").write_bytes(MODEL)
    port = free_port()
    made = Site(tmp_path, port, Backend("a" * 64), Backend(digest_bytes(MODEL)), Load(port))
    try:
        yield made
    finally:
        made.close()
