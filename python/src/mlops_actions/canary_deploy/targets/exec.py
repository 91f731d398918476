"""Your own command (`exec:COMMAND`), which opens every platform: `exec:./route.sh`, `exec:ssh edge sudo route`.

It is run without a shell, with one of these after its own arguments:

    set 5         give the candidate 5 % of the traffic
    get           print the candidate's share in percent, as the proxy has it and not as it was told
    counts        print {"stable": {"requests": 900, "errors": 9}, "candidate": {"requests": 100, "errors": 1}},
                  counted since `"since"` (Unix time, not required)
    health NAME   print {"healthy": true, "sha256": "…"}; asked only for a side that is given as no host:port

MLOPS_STABLE and MLOPS_CANDIDATE hold the two inputs. A status other than 0 is a failure, told by the last line of
its standard error.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.addresses import split_address
from mlops_actions.canary_deploy.targets.interface import Capabilities, Services, Side
from mlops_actions.errors import InputError, OutsideError

_TIME_LIMIT = 15.0
_SHOWN = 200
"""Characters of a command's output in a message."""


@dataclass(frozen=True)
class ExecTarget:
    """Routes by a command of the user's; see `Target`."""

    location: str
    services: Services
    command: tuple[str, ...]
    kind: str = "exec"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """Whatever it steers is not ours to start."""
        return True

    def prepare(self) -> None:
        """Check that the stable side has all traffic."""
        weights.refuse_unless_at_rest(
            self, "After a promotion let the command's stable side be the promoted server, then set its weight to 0"
        )

    def reach(self) -> None:
        """Whether it answers."""
        self.weight()

    def weight(self) -> float:
        """What `get` prints."""
        printed = self.ask("get")
        with suppress(ValueError):
            if 0 <= (found := float(printed.removesuffix("%"))) <= 100:
                return found
        raise self.misunderstood("get", printed, "a percentage such as 5")

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """`set`, then `get` until it confirms."""
        weights.refuse_moved(self, expected, percent)
        self.ask("set", f"{percent:g}")
        weights.follow(self, percent)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself where it has an address, else the command."""
        name = self.services.of(side)
        try:
            split_address(name)
        except InputError:
            return self._health(name)
        return servers.probe(name, self.services.health_path)

    def stop(self) -> bool:
        """Nothing here was started by us."""
        return False

    def ask(self, *words: str) -> str:
        """What the command prints for these words.

        InputError where it cannot be started; OutsideError where it fails or does not end in time.
        """
        told = {"MLOPS_STABLE": self.services.stable, "MLOPS_CANDIDATE": self.services.candidate}
        try:
            process = subprocess.Popen(
                [*self.command, *words],
                env=os.environ | told,
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
                where="target",
                hint="Write exec: and a command that exists, such as exec:./route.sh, with its execute bit set.",
            ) from None
        try:
            printed, complaint = process.communicate(timeout=_TIME_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise OutsideError(f"{self.shown(words)} did not end within {_TIME_LIMIT:g} s.") from None
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
        return f"`{shlex.join([*self.command, *words])}`"

    def _health(self, name: str) -> servers.Probe:
        try:
            found = self.ask_document("health", name)
        except OutsideError as error:
            return servers.Probe(False, None, error.message.removesuffix("."))
        healthy, reported = found.get("healthy"), found.get("sha256")
        if not isinstance(healthy, bool):
            return servers.Probe(False, None, f"{self.shown(('health', name))} does not say whether it is healthy")
        return servers.Probe(healthy, servers.read_digest(reported), "healthy" if healthy else "not healthy")


def open_target(location: str, services: Services) -> ExecTarget:
    """`exec:COMMAND`; nothing is run yet."""
    written = location.removeprefix("exec:")
    try:
        command = tuple(shlex.split(written))
    except ValueError as error:
        raise InputError(f"the input 'target' is {location!r}, which is no command: {error}.") from None
    if not command:
        raise InputError("the input 'target' names no command.", hint="Write it after exec:, such as exec:./route.sh.")
    return ExecTarget(location, services, command)
