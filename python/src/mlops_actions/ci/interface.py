"""What an action needs of the CI system around it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Level = Literal["error", "warning", "notice"]

NOTICE = 25
"""Level of `logging`, between INFO and WARNING: progress that a run's page shows while it goes on."""


@dataclass(frozen=True)
class Context:
    """Where the run happens, for provenance; None where the CI system does not say."""

    repository: str | None = None
    commit: str | None = None
    run_url: str | None = None
    actor: str | None = None
    event: str | None = None
    branch: str | None = None
    """The branch that it runs on; None for a pull request or a tag, whose names anybody may choose."""
    pull_request: bool = False
    """Whether it judges a change that is not merged yet."""
    fork: bool = False
    """Whether it is a pull request whose commits come from another repository."""
    default_branch: str | None = None
    pipeline_url: str | None = None
    """Of all jobs together; in GitHub a run is one."""


@dataclass(frozen=True)
class Annotation:
    """A message at a place."""

    level: Level
    message: str
    file: str | None = None
    line: int | None = None
    title: str | None = None


class CI(Protocol):
    """A CI system, or a terminal. All text may come from data: implementations make it harmless."""

    name: str

    def context(self) -> Context:
        """Repository, commit, run and actor."""

    def approvers(self) -> tuple[str, ...]:
        """Who approved that this run goes on; empty where nobody had to, or the CI system does not tell."""

    def passing_folders(self) -> tuple[Path, ...]:
        """Folders whose content does not outlast the job, as far as the system tells."""

    def say(self, line: str) -> None:
        """Print one line of progress."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Fold what is said inside under a title."""

    def mask(self, secret: str) -> None:
        """Keep a value out of the logs from now on."""

    def presume_error(self) -> None:
        """Let the output `result` be `error` from now on, in case the run ends before it can say how."""

    def set_outputs(self, outputs: dict[str, str]) -> None:
        """Hand values to later steps; of values set twice the last counts."""

    def annotate(self, annotations: list[Annotation]) -> None:
        """Show messages at their places, within the system's limits."""

    def summarize(self, markdown: str) -> None:
        """Add a section to the run's summary."""
