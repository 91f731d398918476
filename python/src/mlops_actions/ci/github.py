"""GitHub Actions: workflow commands on stdout, and the files that the runner names.

Limits and escapes as the runner (2.336) has them: 10 annotations a level and action of at most 4,096 characters,
1 MiB of summary a step (a larger one is dropped whole), outputs that hold the delimiter are refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from mlops_actions.ci.event import read_event
from mlops_actions.ci.interface import Annotation, Context, Level
from mlops_actions.ci.streams import show
from mlops_actions.errors import InputError, OutsideError

ANNOTATIONS_A_LEVEL = 10
ANNOTATION_CHARACTERS = 4096
SUMMARY_BYTES = 1 << 20
_CUT = "\n\n> The summary was cut here: GitHub shows at most 1 MiB. The statement holds everything.\n"


class GitHub:
    """The runner's side of one step."""

    name = "github"

    def __init__(self, environ: Mapping[str, str], stdout: TextIO) -> None:
        self._environ = environ
        self._stdout = stdout
        self._shown: dict[Level, int] = {}

    def context(self) -> Context:
        """From the default variables and, for the tip of a pull request, the event."""
        get = self._environ.get
        repository, server, run = get("GITHUB_REPOSITORY"), get("GITHUB_SERVER_URL"), get("GITHUB_RUN_ID")
        url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
        event = read_event(self._environ)
        reference = get("GITHUB_REF", "")
        on_branch = reference.startswith("refs/heads/") and not event.pull_request
        return Context(
            repository=repository,
            commit=event.head_commit or get("GITHUB_SHA"),
            run_url=url,
            # Whoever runs a job again does it in the name of the one who ran it first.
            actor=get("GITHUB_TRIGGERING_ACTOR") or get("GITHUB_ACTOR"),
            event=get("GITHUB_EVENT_NAME"),
            branch=reference.removeprefix("refs/heads/") if on_branch else None,
            # Where a pull request does not say whose it is (the fork was deleted), it is nobody's of ours.
            fork=event.head_repository != repository if event.pull_request or event.head_repository else False,
            pull_request=event.pull_request,
            default_branch=event.default_branch,
            pipeline_url=url,
        )

    def approvers(self) -> tuple[str, ...]:
        """Who approved a deployment of this run, as far as its token may know."""
        from mlops_actions.ci.approvals import read_approvers

        return read_approvers(self._environ)

    def passing_folders(self) -> tuple[Path, ...]:
        """The whole disk of a hosted runner; of another one what it cleans between jobs."""
        if self._environ.get("RUNNER_ENVIRONMENT") == "github-hosted":
            return (Path("/"),)
        named = (self._environ.get(name) for name in ("RUNNER_TEMP", "GITHUB_WORKSPACE"))
        return tuple(Path(name).resolve() for name in named if name)

    def say(self, line: str) -> None:
        """Print, with workflow commands stopped where the text could be read as one."""
        if "::" in line or "##[" in line:
            token = secrets.token_hex(16)
            self._command("stop-commands", token)
            self._print(line)
            self._print(f"::{token}::")
        else:
            self._print(line)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A folded group in the log."""
        self._command("group", title)
        try:
            yield
        finally:
            self._command("endgroup", "")

    def mask(self, secret: str) -> None:
        """Register each line of a secret, since the runner masks line by line."""
        for line in secret.splitlines():
            if line.strip():
                self._command("add-mask", line)

    def presume_error(self) -> None:
        """The first value of the output; of values set twice the runner takes the last."""
        self.set_outputs({"result": "error"})

    def set_outputs(self, outputs: dict[str, str]) -> None:
        """Append to GITHUB_OUTPUT, each value between random delimiters."""
        blocks = []
        for name, value in outputs.items():
            delimiter = f"ghadelimiter_{uuid4()}"
            if delimiter in name or delimiter in value:
                raise InputError(f"the output {name!r} holds the delimiter that would end it.")
            blocks.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
        self._append("GITHUB_OUTPUT", "".join(blocks))

    def annotate(self, annotations: list[Annotation]) -> None:
        """The first nine of each level, then a tenth that says how many more there are."""
        for level in ("error", "warning", "notice"):
            wanted = [one for one in annotations if one.level == level]
            room = ANNOTATIONS_A_LEVEL - self._shown.get(level, 0)
            shown = wanted if len(wanted) <= room else wanted[: max(room - 1, 0)]
            for one in shown:
                self._annotate(one)
            rest = len(wanted) - len(shown)
            if rest and room > 0:
                self._annotate(Annotation(level, f"… and {rest} more: see the summary or the statement."))
            self._shown[level] = self._shown.get(level, 0) + min(len(wanted), room)

    def summarize(self, markdown: str) -> None:
        """Append to GITHUB_STEP_SUMMARY, cut at a row where it would be too large."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        used = Path(path).stat().st_size if path and Path(path).exists() else 0
        self._append("GITHUB_STEP_SUMMARY", cut_at_row(markdown + "\n", SUMMARY_BYTES - used))

    def _annotate(self, one: Annotation) -> None:
        properties = {"file": one.file, "line": one.line, "title": one.title}
        listed = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items() if value)
        self._command(f"{one.level} {listed}" if listed else one.level, one.message[:ANNOTATION_CHARACTERS])

    def _command(self, command: str, message: str) -> None:
        self._print(f"::{command}::{_escape(message)}")

    def _print(self, line: str) -> None:
        show(line, self._stdout)

    def _append(self, variable: str, text: str) -> None:
        path = self._environ.get(variable)
        if not path or not text:
            return
        try:
            with Path(path).open("a", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise OutsideError(f"{variable} cannot be written: {error.strerror}.", where=path) from None


def cut_at_row(markdown: str, room: int) -> str:
    """The text, or as many whole lines of it as fit into `room` bytes together with a note.

    >>> cut_at_row("short", 100)
    'short'
    """
    content = markdown.encode()
    if len(content) <= room:
        return markdown
    space = room - len(_CUT.encode())
    if space <= 0:
        return ""
    whole = content[:space].rpartition(b"\n")[0]
    return whole.decode() + _CUT


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
