"""How far scoring is, as the scorer says on its output between whatever the model prints."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_SCORED = re.compile(rb"^mlops-actions: scored (\d{1,12})$", re.MULTILINE)
_LINE_BYTES = 60
_MOST_LINES = 1000


@dataclass
class Progress:
    """Logs it. The model can say such lines too: they are numbers, and there are not many."""

    name: str
    """How messages call the model."""
    rows: int
    rest: bytes = b""
    told: int = field(default=0)

    def __call__(self, block: bytes) -> None:
        """Hear a piece of the output."""
        text = self.rest + block
        for found in _SCORED.finditer(text[: text.rfind(b"\n") + 1]):
            done = min(int(found[1]), self.rows)
            if self.told < _MOST_LINES:
                log.info("%s of %s rows scored with the %s.", f"{done:,}", f"{self.rows:,}", self.name)
            self.told += 1
        # What stands behind the last line break may be the beginning of a line.
        self.rest = text[text.rfind(b"\n") + 1 :][-_LINE_BYTES:]


def is_progress(line: str) -> bool:
    """Whether a line of the output is one of the scorer's, or nothing."""
    return not line or _SCORED.match(line.encode()) is not None
