"""What goes between the scorer and its parent: files in the exchange folder, never stdout.

input/request.json      what is asked
input/<number>.npy      a column: numbers, datetime64, or codes (text: into `categories`, boolean: 0, 1; -1 missing)
output/predictions.npy  float64 (rows,) or (rows, classes), or int32 label codes (rows,)
output/<number>.npy     float64 (rows,) or one number: a metric of the model with that number
output/answer.json      written last: {"answer": …} or {"problem": …}
standard output         now and then a line that says how far scoring is (see `tell_progress`)
standard input          a socket where models take turns in being timed: lines of JSON (see `Turns`)
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

VERSION = 1

INPUT, OUTPUT = Path("input"), Path("output")
LINE_CHARACTERS = 500


class ProblemError(Exception):
    """The model cannot be scored; `code` is a word that the parent knows, `details` are plain JSON."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


def read_request() -> dict[str, Any]:
    """What the parent asks."""
    request: dict[str, Any] = json.loads((INPUT / "request.json").read_text(encoding="utf-8"))
    if request["protocol"] != VERSION:
        raise SystemExit(f"the request is of protocol {request['protocol']}, this scorer speaks {VERSION}")
    return request


def read_column(column: dict[str, Any]) -> Any:
    """A column's array, mapped from its file."""
    import numpy

    return numpy.load(INPUT / column["file"], mmap_mode="r", allow_pickle=False)


def write_predictions(array: Any) -> None:
    """Leave the predictions of all rows."""
    import numpy

    numpy.save(OUTPUT / "predictions.npy", array, allow_pickle=False)


def write_answer(answer: dict[str, Any]) -> None:
    """Leave the answer, after the predictions."""
    _write({"answer": answer})


def write_problem(problem: ProblemError) -> None:
    """Leave word of what went wrong."""
    _write({"problem": {"code": problem.code, "message": problem.message, "details": problem.details}})


class Turns:
    """The parent's side of a game in turns: it says a line when it is this model's turn, and waits for one."""

    def __init__(self) -> None:
        # Plain files: a filter of system calls may forbid all that is particular to sockets.
        self.parent = os.fdopen(os.dup(0), "r", encoding="utf-8")
        self.own = os.fdopen(os.dup(0), "w", encoding="utf-8")

    def wait(self) -> Any:
        """Say that all is ready; returns what the parent says, None where the game is over."""
        return self.answer({})

    def answer(self, words: Any) -> Any:
        """End the turn with these words; returns what the parent says next, None where the game is over."""
        self.own.write(json.dumps(words) + "\n")
        self.own.flush()
        line = self.parent.readline()
        return json.loads(line) if line else None


def tell_progress(rows: int) -> None:
    """Say how many rows are scored. A model may have closed the output: then nobody hears it."""
    with suppress(OSError, ValueError):
        os.write(1, f"\nmlops-actions: scored {rows}\n".encode())


def line_of(error: BaseException) -> str:
    """The exception's type and its message as one line."""
    message = " ".join(str(error).split())[:LINE_CHARACTERS]
    return type(error).__name__ + (": " + message if message else "")


def _write(document: dict[str, Any]) -> None:
    temporary = OUTPUT / "answer.tmp"
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(OUTPUT / "answer.json")
