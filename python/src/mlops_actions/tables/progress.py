"""What is said while a long scan is under way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

logger = logging.getLogger(__name__)

SECONDS = 5.0
"""Between two lines; what is done sooner says nothing."""


@contextmanager
def telling(location: str, share: Callable[[], float | None]) -> Iterator[None]:
    """Log every few seconds how far the engine is; `share` is from 0 to 1, None where it does not know."""
    ended = Event()
    begun = time.monotonic()

    def tell() -> None:
        while not ended.wait(SECONDS):
            try:
                done = share()
            except Exception as error:  # noqa: BLE001  any engine's own; the scan says what is wrong
                logger.debug("Reading %s: its engine does not say how far it is: %s", location, error)
                return
            far = "" if done is None else f", about {done:.0%} of this pass"
            logger.info("Reading %s: %.0f s%s.", location, time.monotonic() - begun, far)

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
