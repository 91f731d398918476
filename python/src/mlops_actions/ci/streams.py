"""Standard output and error as they really are: closed, read by somebody who has gone away, or in ASCII."""

from __future__ import annotations

import io
import os
from typing import TextIO


def usable(stream: TextIO | None) -> TextIO:
    """The stream, able to show any text; one that was closed before we started leads nowhere."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  open as long as the process
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def show(line: str, stream: TextIO) -> None:
    """Print a line at once. A reader that goes away must not end a rollout: from then on the lines lead nowhere."""
    try:
        print(line, file=stream, flush=True)
    except BrokenPipeError:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  as a descriptor
            os.dup2(nowhere.fileno(), stream.fileno())
