"""Remembers the rollout of one target in a registry's append-only log, for all machines.

An entry holds the rollout and who conducts it. Entries are made with create-if-absent, so of two runs at once one wins,
and a run that was taken for dead cannot write any more. Nobody's clock is compared: a holder shows that it lives by
changing a small object, and whoever waits counts the silence by its own clock.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_actions import __version__, cancellation
from mlops_actions.canary_deploy.memory.document import read_request, read_rollout, write_request, write_rollout
from mlops_actions.canary_deploy.memory.holder import Holder, myself, read_holder
from mlops_actions.canary_deploy.memory.interface import Request, TakenOverError
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.ci import current
from mlops_actions.errors import CancelledError, OutsideError
from mlops_actions.registries.log import Entry, Log
from mlops_actions.registries.objects import Objects

if TYPE_CHECKING:
    from obstore.store import RetryConfig

logger = logging.getLogger(__name__)

T = TypeVar("T")

_TIME_LIMIT = 2.0
"""Seconds: a roll-back waits for two answers, and has to be done within five."""
_RETRIES: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=_TIME_LIMIT)}
_BEAT = 5.0
_SILENCE = 30.0
"""Seconds without a beat after which a holder has ended."""
_PAUSE = 0.5
_TOOL = f"mlops-actions {__version__}, canary-deploy"
_BETWEEN = 30.0
"""Seconds between two entries that only add looks: a run that is killed loses so much evidence at most."""


def open_log_memory(location: str, name: str) -> LogMemory:
    """The memory below a registry's location; nothing is read or made yet."""
    return LogMemory(Objects(location, _RETRIES), f"rollouts/{name}")


class LogMemory:
    """See `interface.Memory`."""

    def __init__(self, objects: Objects, folder: str) -> None:
        self._objects = objects
        self._folder = folder
        self._log = Log(objects, folder)
        self._me = myself(current().context().run_url)
        self._head: Entry | None = None
        self._kept: Rollout | None = None
        self._kept_at = 0.0

    @property
    def location(self) -> str:
        """The registry and the folder in it."""
        return f"{self._objects.location.rstrip('/')}/{self._folder}"

    @property
    def folder(self) -> Path | None:
        """The registry's."""
        return self._objects.folder

    def load(self) -> Rollout | None:
        """The rollout of the newest entry."""
        head = self._within(self._log.head)
        return None if head is None else self._rollout(head)

    def save(self, rollout: Rollout) -> None:
        """Append an entry; one that would only add looks may wait for the next."""
        if self._kept and _moves(self._kept) == _moves(rollout) and time.monotonic() - self._kept_at < _BETWEEN:
            return
        kept = json.loads(write_rollout(rollout))
        change, state = {"rollout": rollout.id, **_moves(rollout)}, {"holder": self._me.model_dump(), "rollout": kept}
        self._within(lambda: self._append(change, state))
        self._kept, self._kept_at = rollout, time.monotonic()

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Be the holder that the newest entry names, and beat until the end."""
        self._acquire(time.monotonic() + patience)
        done = threading.Event()
        threading.Thread(target=self._beat, args=(done,), daemon=True).start()
        try:
            yield
        finally:
            done.set()
            self._release()

    def ask(self, request: Request) -> None:
        """Leave an object that the conducting run looks for."""
        self._objects.replace(f"{self._folder}/request", write_request(request))

    def asked(self) -> Request | None:
        """What the object holds."""
        return read_request(self._within(lambda: self._objects.read(f"{self._folder}/request")))

    def forget_request(self, request: Request) -> None:
        """Remove the object."""
        if self.asked() == request:
            self._objects.delete(f"{self._folder}/request")

    def _rollout(self, entry: Entry) -> Rollout | None:
        kept = entry.state.get("rollout")
        where = f"{self.location}, entry {entry.number}"
        return None if kept is None else read_rollout(json.dumps(kept).encode(), where)

    def _holder(self, entry: Entry | None) -> Holder | None:
        found = entry.state.get("holder") if entry else None
        return read_holder(found, f"{self.location}, entry {entry.number}") if entry and found else None

    def _acquire(self, until: float) -> None:
        while True:
            head = self._log.head()
            holder = self._holder(head)
            if head is None or holder is None or not self._lives(holder, head):
                if self._take(head):
                    return
            elif time.monotonic() >= until:
                raise OutsideError(
                    f"another rollout on this target is running, by {holder.run}.",
                    hint="Wait for it, or run with `mode: abort`.",
                )
            else:
                _pause()

    def _lives(self, holder: Holder, head: Entry) -> bool:
        """Whether a holder goes on, or has gone on since `head`."""
        ended = holder.has_ended()
        if ended is not None:
            return not ended
        logger.info("listening for %g s whether %s, which conducts a rollout here, still runs", _SILENCE, holder.run)
        before, until = self._heard(), time.monotonic() + _SILENCE
        while time.monotonic() < until:
            _pause()
            if self._heard() != before or self._log.read(head.number + 1):
                return True
        return False

    def _take(self, head: Entry | None) -> bool:
        state = {"holder": self._me.model_dump(), "rollout": head.state.get("rollout") if head else None}
        number, sha256 = (head.number, head.sha256) if head else (0, None)
        self._head = self._log.append(number + 1, sha256, {"held-by": self._me.run}, state, _TOOL)
        return self._head is not None

    def _release(self) -> None:
        if self._head is None or not (holder := self._holder(self._head)) or holder.id != self._me.id:
            return
        try:
            state = {"holder": None, "rollout": self._head.state.get("rollout")}
            self._within(lambda: self._append({"held-by": None}, state))
        except OutsideError as error:
            logger.warning("the next run has to wait %g s for this one: %s", _SILENCE, error)

    def _append(self, change: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        assert self._head is not None, "only inside `lock`"
        while True:
            entry = self._log.append(self._head.number + 1, self._head.sha256, change, state, _TOOL)
            if entry:
                self._head = entry
                return
            head = self._log.head()
            holder = self._holder(head)
            if head is None or holder is None or holder.id != self._me.id:
                raise TakenOverError(
                    f"another run conducts this rollout by now: {holder.run if holder else 'it has ended since'}.",
                    where=self.location,
                    hint="This one was not heard of for too long; it changes nothing any more.",
                )
            # An entry of our own whose confirmation was lost.
            self._head = head

    def _within(self, ask: Callable[[], T]) -> T:
        """The answer, unless it takes longer than users can wait: a request that hangs is left to itself."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
                answer.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            return answer.result(_TIME_LIMIT)
        except TimeoutError:
            raise OutsideError(
                f"the registry {self._objects.location!r} did not answer within {_TIME_LIMIT:g} s."
            ) from None

    def _heard(self) -> bytes | None:
        return self._objects.read(f"{self._folder}/beat")

    def _beat(self, done: threading.Event) -> None:
        beats = 0
        while not done.wait(_BEAT if beats else 0):
            beats += 1
            try:
                self._objects.replace(f"{self._folder}/beat", f"{self._me.id} {beats}\n".encode())
            except OutsideError as error:
                logger.info("%s", error)


def _pause() -> None:
    if cancellation.wait(_PAUSE):
        raise CancelledError("cancelled while another run conducted a rollout here.")


def _moves(rollout: Rollout) -> dict[str, Any]:
    """What of a rollout is more than one look."""
    ending = rollout.ending
    return {
        "weights": list(rollout.weights),
        "step": rollout.step,
        "paused": rollout.pause is not None and ("counted" if rollout.pause.counters else "not counted"),
        "outcome": ending.outcome if ending else None,
        "confirmed": rollout.is_over,
    }
