"""A command of the user's, asked one thing at a time: without a shell, in the job's environment, for a bounded time."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mlops_actions.errors import InputError, OutsideError

_TIME_LIMIT = 15.0
_SHOWN = 200
"""Characters of a command's output in a message."""


@dataclass(frozen=True)
class Command:
    """A command and what it is told of the rollout."""

    location: str
    """As the user wrote it."""
    words: tuple[str, ...]
    stable: str
    candidate: str

    def ask(self, *words: str, time_limit: float | None = None, told: Mapping[str, str] | None = None) -> str:
        """What the command prints for these words, in an environment that has what it is `told`.

        InputError where it cannot be started; OutsideError where it fails or does not end in time.
        """
        seconds = _TIME_LIMIT if time_limit is None else time_limit
        servers = {"MLOPS_STABLE": self.stable, "MLOPS_CANDIDATE": self.candidate}
        try:
            process = subprocess.Popen(
                [*self.words, *words],
                env={**os.environ, **servers, **(told or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # A Ctrl-C must not end the very command that takes the traffic back.
                start_new_session=True,
            )
        except OSError as error:
            raise InputError(
                f"the command of {self.location} cannot be started: {error.strerror}.",
                hint="Write exec: and a command that exists, such as exec:./route.sh, with its execute bit set.",
            ) from None
        try:
            printed, complaint = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise OutsideError(f"{self.shown(words)} did not end within {seconds:g} s.") from None
        if process.returncode:
            said = complaint.strip().splitlines()[-1:] or ["it said nothing on standard error"]
            raise OutsideError(f"{self.shown(words)} ended with status {process.returncode}: {said[0][:_SHOWN]}")
        return printed.strip()

    def ask_document(self, *words: str) -> dict[str, Any]:
        """What the command prints for these words, as a JSON object. Raises as `ask` does."""
        printed = self.ask(*words)
        with suppress(json.JSONDecodeError):
            if isinstance(document := json.loads(printed), dict):
                return document
        raise self.misunderstood(words[0], printed, "a JSON object")

    def misunderstood(self, word: str, printed: str, wanted: str) -> OutsideError:
        """What is said of an answer that is none."""
        found = repr(printed[:_SHOWN]) if printed else "nothing"
        return OutsideError(f"{self.shown((word,))} printed {found} instead of {wanted}.")

    def shown(self, words: tuple[str, ...]) -> str:
        """The command as a user would type it."""
        return f"`{shlex.join([*self.words, *words])}`"


def read_command(location: str, source: str, stable: str, candidate: str) -> Command:
    """`exec:COMMAND`, given as the input `source`; nothing is run yet. InputError for what is no command."""
    try:
        words = tuple(shlex.split(location.removeprefix("exec:")))
    except ValueError as error:
        raise InputError(f"the input {source!r} is {location!r}, which is no command: {error}.") from None
    if not words:
        raise InputError(
            f"the input {source!r} names no command.", hint="Write it after exec:, such as exec:./route.sh."
        )
    return Command(location, words, stable, candidate)
