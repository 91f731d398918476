"""Models take turns in being timed: a burst of one, then a burst of the other, so that all see the same machine."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Ending, Sandbox, exchange_folder, supervised
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError, Problem, read_times
from mlops_actions.evaluate_model.scoring.endings import refuse_excess, without_answer
from mlops_actions.evaluate_model.scoring.exchange import LATENCY_ROWS, ModelFile, hand_over, wanted_of
from mlops_actions.evaluate_model.scoring.problems import raise_problem
from mlops_actions.statistics.latency import Kind, Repeats

MOST_SECONDS = 10.0
"""For each model's turns in total, after which slow ones have fewer repeats."""
_LINE_BYTES = 1 << 16
_SECONDS_BETWEEN_LOOKS = 0.1
_PACES: TypeAdapter[dict[Kind, float]] = TypeAdapter(dict[Kind, float])


@dataclass(frozen=True)
class Player:
    """A model, and where it runs."""

    model: ModelFile
    sandbox: Sandbox


def in_turns(players: Sequence[Player], test_set: TestSet, seconds: float, repeats: int) -> list[Repeats]:
    """Of each model, milliseconds of its calls in so many repeats; the same number of repeats and calls for all.

    Models are loaded at the same time and warmed up one after the other; who begins a round alternates. `seconds` is
    what loading and all turns may take. Raises what `score` raises, and MisbehaviourError names the model.
    """
    deadline = time.monotonic() + seconds
    with ExitStack() as stack:
        seats = [stack.enter_context(_seated(one, test_set, seconds, deadline, repeats)) for one in players]
        for seat in seats:
            seat.heard()
        paces = [seat.pace() for seat in seats]
        agreed = {kind: max(pace[kind] for pace in paces) for kind in paces[0] if all(kind in one for one in paces)}
        for seat in seats:
            seat.ask(agreed)
        over = time.monotonic() + MOST_SECONDS * len(seats)
        for number in range(repeats):
            for seat in seats if number % 2 == 0 else reversed(seats):
                seat.ask({"seconds": max(over - time.monotonic(), 0.0)})
            if time.monotonic() > over:
                break
        found = [seat.times() for seat in seats]
    return [one[: min(map(len, found))] for one in found]


@dataclass
class _Seat:
    """A model that waits for its turn."""

    player: Player
    test_set: TestSet
    folder: Path
    process: Popen[bytes]
    line: socket.socket
    """To its standard input."""
    seconds: float
    deadline: float
    """On the monotonic clock."""
    buffer: bytes = field(default=b"")

    def pace(self) -> dict[Kind, float]:
        """Seconds of one call, by kind, as it says itself."""
        try:
            found = _PACES.validate_python(self.ask({}), strict=True)
        except ValidationError:
            found = {}
        if "row" not in found or not all(np.isfinite(one) and one > 0 for one in found.values()):
            raise self._forged()
        return found

    def ask(self, words: Any) -> Any:
        """Give it the turn, and wait for its end; returns what it says."""
        with suppress(OSError):
            self.line.sendall(json.dumps(words).encode() + b"\n")
        return self.heard()

    def heard(self) -> Any:
        """The next line that it says. Raises why it does not, where it ends before."""
        while b"\n" not in self.buffer:
            try:
                block = self.line.recv(_LINE_BYTES)
            except TimeoutError:
                block = None
            except OSError:
                block = b""
            if block:
                self.buffer += block
            gone = block == b"" or (block is None and self.process.poll() is not None)
            if gone or time.monotonic() > self.deadline:
                self.times()
            if gone or len(self.buffer) > _LINE_BYTES:
                raise self._forged()
        line, self.buffer = self.buffer.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError:
            raise self._forged() from None

    def times(self) -> Repeats:
        """End the game, and read what it took. Raises why there is nothing to read."""
        try:
            return self._times()
        except MisbehaviourError as error:
            raise MisbehaviourError(error.code, error.message, self.player.model.name) from error

    def _times(self) -> Repeats:
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)
        sandbox, late = self.player.sandbox, False
        try:
            self.process.wait(max(self.deadline - time.monotonic(), 0.0))
        except TimeoutExpired:
            late = True
        ending = Ending(self.process.returncode or 0, late, self.seconds, ())
        refuse_excess(replace(supervised(ending, self.folder), timed_out=late), sandbox, self.seconds)
        times = read_times(self.folder / "output")
        if isinstance(times, Problem):
            raise_problem(times, self.player.model, self.test_set, sandbox)
        if times is None:
            raise MisbehaviourError("model-ended", without_answer(ending, sandbox.limits))
        return times

    def _forged(self) -> MisbehaviourError:
        return MisbehaviourError("answer-forged", "said what the scorer would not say.", self.player.model.name)


@contextmanager
def _seated(player: Player, test_set: TestSet, seconds: float, deadline: float, repeats: int) -> Iterator[_Seat]:
    """A model that is being loaded; at the end of the block it is gone."""
    rows = min(test_set.rows, LATENCY_ROWS * 3)
    features = {name: column.first(rows) for name, column in test_set.features.items()}
    ours, its = socket.socketpair()
    ours.settimeout(_SECONDS_BETWEEN_LOOKS)
    with ours, its, exchange_folder(player.sandbox.nobody) as folder:
        hand_over(folder, player.model, features, rows, wanted_of(test_set.target.task), repeats, turns=True)
        with player.sandbox.started(["-I", "scorer"], folder, its.fileno()) as process:
            its.close()
            yield _Seat(player, test_set, folder, process, ours, seconds, deadline)
