"""A service that a command of the user's steers (`exec:`), without any server: traffic comes whenever it is counted.

Run as a program it is that command; `ScriptedService` makes one in a folder.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

FILE = "service.json"
SIDES = ("stable", "candidate")


class ScriptedService:
    """What the command does, as one file that a test may change at any time."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.file = folder / FILE
        self.write(
            {
                "weight": 0.0,
                "traffic": 400,
                "errors": {"stable": 0.0, "candidate": 0.0},
                "requests": {"stable": 0, "candidate": 0},
                "failed": {"stable": 0, "candidate": 0},
                "since": time.time() - 1000,
                "sha256": {},
                "healthy": True,
                "stuck": False,
                "log": [],
            }
            | given
        )

    @property
    def location(self) -> str:
        """As the input `target`."""
        return f"exec:{sys.executable} -I -S {Path(__file__).resolve()} {self.file}"

    def read(self) -> dict[str, Any]:
        return dict(json.loads(self.file.read_text()))

    def write(self, state: dict[str, Any]) -> None:
        partial = self.file.with_suffix(".new")
        partial.write_text(json.dumps(state))
        partial.replace(self.file)

    def set(self, **given: Any) -> None:
        """Change some of it."""
        self.write(self.read() | given)

    @property
    def weight(self) -> float:
        return float(self.read()["weight"])

    @property
    def weights(self) -> list[float]:
        """All that were ever set."""
        return [float(weight) for weight in self.read()["log"]]

    def serve(self, requests: int) -> None:
        """Let users come, whoever counts."""
        state = self.read()
        come(state, requests)
        self.write(state)


def come(state: dict[str, Any], requests: int) -> None:
    """Requests of users, split by the weight, of which a share fails."""
    candidate = round(requests * state["weight"] / 100)
    for side, more in zip(SIDES, (requests - candidate, candidate), strict=True):
        state["requests"][side] += more
        state["failed"][side] = round(state["failed"][side] + more * state["errors"][side])


def main(file: str, word: str, *words: str) -> None:
    path = Path(file)
    state = json.loads(path.read_text())
    if word == "set":
        state["weight"] = state["weight"] if state["stuck"] else float(words[0])
        state["log"].append(float(words[0]))
    elif word == "get":
        print(state["weight"])
    elif word == "counts":
        come(state, state["traffic"])
        counts = {side: {"requests": state["requests"][side], "errors": state["failed"][side]} for side in SIDES}
        print(json.dumps(counts | ({"since": state["since"]} if state["since"] else {})))
    else:
        print(json.dumps({"healthy": state["healthy"], "sha256": state["sha256"].get(words[0])}))
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(state))
    partial.replace(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
