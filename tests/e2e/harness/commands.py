"""What a step says to GitHub's runner: commands on stdout, and the files behind GITHUB_OUTPUT and its kin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from harness.log import Annotation, Level

COMMAND = re.compile(r"\s*::(?P<name>[\w-]+)(?: (?P<properties>.*?))?::(?P<message>.*)")
LEVELS: dict[str, Level] = {"error": "error", "warning": "warning", "notice": "notice"}
KNOWN = {*LEVELS, "debug", "group", "endgroup", "add-mask", "echo", "add-matcher", "remove-matcher"}
ANNOTATIONS_OF_A_TYPE = 10


class CommandError(ValueError):
    """What GitHub's runner would fail a step for."""


@dataclass
class Listener:
    """Reads the printed lines of all steps of one composite action, which share GitHub's limits."""

    annotations: list[Annotation] = field(default_factory=list)
    dropped: list[Annotation] = field(default_factory=list)
    """Those over GitHub's limit of ten of a type, which nobody will see."""
    masks: set[str] = field(default_factory=set)
    output: list[str] = field(default_factory=list)
    _stopped_by: str = ""

    def hear(self, line: str) -> None:
        found = COMMAND.fullmatch(line)
        if self._stopped_by:
            if line.strip() == f"::{self._stopped_by}::":
                self._stopped_by = ""
            else:
                self.output.append(self.masked(line))
        elif found and found["name"] == "stop-commands":
            self._stopped_by = found["message"]
        elif found and found["name"] in KNOWN:
            self.obey(found["name"], found["properties"] or "", found["message"])
        else:
            self.output.append(self.masked(line))

    def end_of_step(self) -> None:
        """Commands that stay stopped at the end of a step work again in the next."""
        self._stopped_by = ""

    def obey(self, command: str, properties: str, message: str) -> None:
        if command == "add-mask":
            self.masks.update(part for part in [unquote(message), *unquote(message).splitlines()] if part)
        if command in LEVELS:
            pairs = (pair.partition("=") for pair in properties.split(",") if pair)
            annotation = Annotation(
                LEVELS[command], unquoted(message), {key.strip(): unquoted(value) for key, _, value in pairs}
            )
            full = sum(known.level == command for known in self.annotations) >= ANNOTATIONS_OF_A_TYPE
            (self.dropped if full else self.annotations).append(annotation)

    def masked(self, text: str) -> str:
        for secret in sorted(self.masks, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def unquoted(text: str) -> str:
    r"""Undoes the escapes of the command's grammar, and only those.

    >>> unquoted("50%25 of a%3Ab%0A%41")
    '50% of a:b\n%41'
    """
    return re.sub(r"(?i)%(0A|0D|3A|2C|25)", lambda found: unquote(found[0]), text)


def read_values(text: str) -> dict[str, str]:
    r"""The pairs of a GITHUB_OUTPUT or GITHUB_ENV file: `name=value`, or `name<<delimiter` over several lines.

    >>> read_values("a=1\nb<<END\nx=y\nz\nEND\n")
    {'a': '1', 'b': 'x=y\nz'}
    """
    values: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, sign, rest = re.match(r"(.*?)(=|<<|$)(.*)", line).groups()  # type: ignore[union-attr]
        if sign == "=":
            values[name] = rest
        elif sign == "<<":
            inside = []
            for inner in lines:
                if inner == rest:
                    break
                inside.append(inner)
            else:
                raise CommandError(f"{name}: the delimiter {rest!r} never comes")
            values[name] = "\n".join(inside)
        elif line:
            raise CommandError(f"invalid format {line!r}")
    return values
