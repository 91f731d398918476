"""What is said while a large model is on its way."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

SECONDS = 10
"""Between two lines; what is done sooner says nothing."""


def telling(blocks: Iterable[bytes], size: int, what: str) -> Iterator[bytes]:
    """The blocks of something of that size in bytes, with a line now and then."""
    passed, last = 0, time.monotonic()
    for block in blocks:
        yield block
        passed += len(block)
        if time.monotonic() >= last + SECONDS:
            last = time.monotonic()
            logger.info("%s: %s of %s MB", what, f"{passed / 1e6:,.0f}", f"{size / 1e6:,.0f}")
