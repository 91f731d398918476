"""A person's terminal, or any CI system that has no adapter: plain lines, colours on a TTY, JSON on request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlops_actions.ci.git import checkout
from mlops_actions.ci.interface import Annotation, Context
from mlops_actions.ci.streams import show

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"\\([^A-Za-z0-9\s])")
_FOLDED = re.compile(r"^<details><summary>(?P<title>[^\n]*)</summary>.*?^</details>$", re.DOTALL | re.MULTILINE)
_SHOWN_ALREADY = frozenset({"reasons", "decision"})
"""Outputs that people have read as a message or in the section above."""
_COLOURS = {"error": "31", "warning": "33", "notice": "36", "pass": "32", "fail": "31", "inconclusive": "33"}


class Terminal:
    """Progress goes to stderr, results to stdout; with `json` stdout holds one JSON object and nothing else."""

    name = "terminal"

    def __init__(self, environ: Mapping[str, str], stdout: TextIO, stderr: TextIO, *, as_json: bool = False) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._as_json = as_json
        wanted = stderr.isatty() and environ.get("TERM") != "dumb"
        self._colour = (wanted or "FORCE_COLOR" in environ) and "NO_COLOR" not in environ
        self._indent = ""

    def context(self) -> Context:
        """From the git checkout around the working directory, where there is one."""
        commit, remote = checkout()
        return Context(repository=remote, commit=commit)

    def approvers(self) -> tuple[str, ...]:
        """A terminal knows of no approvals."""
        return ()

    def passing_folders(self) -> tuple[Path, ...]:
        """A terminal's disk stays."""
        return ()

    def say(self, line: str) -> None:
        """Print to stderr, with control characters of untrusted text made visible."""
        show(self._indent + _harmless(line), self._stderr)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A heading, and what is said below it indented."""
        self._show(self._paint(title, "1"))
        self._indent += "  "
        try:
            yield
        finally:
            self._indent = self._indent[:-2]

    def mask(self, secret: str) -> None:
        """Nothing to tell a terminal: secrets are never printed in the first place."""

    def presume_error(self) -> None:
        """The exit code says it."""

    def set_outputs(self, outputs: dict[str, str]) -> None:
        """Print the outputs: as JSON, or as `name: value` lines."""
        if self._as_json:
            show(json.dumps(outputs), self._stdout)
            return
        width = max(map(len, outputs), default=0)
        for name, value in outputs.items():
            if value and name not in _SHOWN_ALREADY:
                self._show(f"{name:<{width}}  {self._paint(value, _COLOURS.get(value))}")

    def annotate(self, annotations: list[Annotation]) -> None:
        """Print each with its place."""
        for one in annotations:
            place = f"{one.file}:{one.line}: " if one.file and one.line else f"{one.file}: " if one.file else ""
            self._show(f"{self._paint(one.level, _COLOURS[one.level])}: {_harmless(place + one.message)}")

    def summarize(self, markdown: str) -> None:
        """Show the section as text: its tables are aligned, its escapes are taken out, what is folded stays folded."""
        for line in _FOLDED.sub(r"\g<title>: see the report.", markdown).splitlines():
            self.say(_ESCAPE.sub(r"\1", line.lstrip("#").strip()))

    def _show(self, harmless: str) -> None:
        show(self._indent + harmless, self._stderr)

    def _paint(self, text: str, code: str | None) -> str:
        harmless = _harmless(text)
        return f"\x1b[{code}m{harmless}\x1b[0m" if self._colour and code else harmless


def _harmless(text: str) -> str:
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
