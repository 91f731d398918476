"""What the user wants to happen before and after each step: a command, or a URL that is posted to."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Literal

from mlops_actions.canary_deploy.command import Command, read_command
from mlops_actions.errors import InputError, OutsideError

TIME_LIMIT = 60.0
"""Seconds: nobody looks at the candidate meanwhile."""
_SHOWN = 200

When = Literal["before-step", "after-step"]


@dataclass(frozen=True)
class Moment:
    """What a hook is told."""

    when: When
    step: int
    """From 1; the promotion is the one after the last that is judged."""
    steps: int
    weight: float
    """The step's, in percent."""
    stable: str
    candidate: str
    model: str
    sha256: str


@dataclass(frozen=True)
class Hook:
    """One of the two inputs."""

    location: str
    """As the user wrote it."""
    command: Command | None
    """None for a URL."""

    def call(self, moment: Moment) -> None:
        """Run the command with the moment in its environment, or post it as JSON. OutsideError where that fails."""
        if self.command is None:
            _post(self.location, moment)
            return
        told = {f"MLOPS_{name.upper()}": str(value) for name, value in _told(moment).items()}
        self.command.ask(time_limit=TIME_LIMIT, told=told)


@dataclass(frozen=True)
class Hooks:
    """Both."""

    before: Hook | None = None
    after: Hook | None = None

    def call(self, moment: Moment) -> None:
        """The one of that moment, where the user gave it."""
        if hook := self.before if moment.when == "before-step" else self.after:
            hook.call(moment)


NO_HOOKS = Hooks()


def read_hook(given: str | None, source: When, stable: str, candidate: str) -> Hook | None:
    """A hook as the user writes it; nothing is called yet. InputError for what is neither a command nor a URL."""
    if given is None:
        return None
    if re.match(r"https?://[^/\s]", given):
        return Hook(given, None)
    if not given.startswith("exec:"):
        raise InputError(
            f"the input {source!r} is {given!r}, which is neither a command nor a URL.",
            hint="Write exec:COMMAND, such as exec:./warm.sh, or https://host/path.",
        )
    return Hook(given, read_command(given, source, stable, candidate))


def _told(moment: Moment) -> dict[str, object]:
    return {name: f"{value:g}" if isinstance(value, float) else value for name, value in asdict(moment).items()}


def _post(url: str, moment: Moment) -> None:
    import requests

    try:
        answer = requests.post(url, json=asdict(moment), timeout=TIME_LIMIT, allow_redirects=False)
    except requests.Timeout:
        raise OutsideError(f"{url} did not answer within {TIME_LIMIT:g} s.") from None
    except requests.RequestException as error:
        raise OutsideError(f"{url} cannot be reached ({type(error).__name__}).") from None
    if not answer.ok or answer.is_redirect:
        said = json.dumps(answer.text[:_SHOWN])
        raise OutsideError(f"{url} answered with status {answer.status_code}: {said}")
