"""Tell which alias of a model moved when, from what to what, and on which verdict."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.registries import Change, Registry
from mlops_actions.reports import markdown, text
from mlops_actions.reports.page import Page, Table
from mlops_actions.runner import Outcome, common_inputs

NEWEST = 20


@dataclass(frozen=True)
class Event:
    """A change of an alias, and what the registry knows of its reason."""

    change: Change
    verdict: Verdict | None
    """The newest that is kept beside the model."""
    stands: bool
    """Whether the alias still names what this change let it name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions history flight-delay --alias champion`."""
    parser.add_argument("model", nargs="?", help="The model's name in the registry. Default: the input `name`.")
    parser.add_argument("--alias", help="Only this alias.")
    parser.add_argument("--limit", type=_count, default=NEWEST, help=f"How many of the newest. Default: {NEWEST}.")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="Default: text.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Print the newest changes, the newest first."""
    from mlops_actions.registries import open_registry

    inputs = common_inputs(vars(options), os.environ)
    name = options.model or inputs.name
    if name is None:
        raise InputError("which model's history is not said.", hint="Write `mlops-actions history NAME`.")
    registry = open_registry(inputs.registry)
    events = read_events(registry, name, options.alias, options.limit)
    if not events:
        raise _nothing(registry, name, options.alias)
    shown = {"text": text.render, "markdown": markdown.render}.get(options.format)
    sys.stdout.write((shown(page(name, events)) if shown else as_json(name, events)).rstrip() + "\n")
    return Outcome(0, {})


def read_events(registry: Registry, name: str, alias: str | None, limit: int) -> list[Event]:
    """The newest changes of a model's aliases, or of one alias, the newest first.

    Raises OutsideError where the log is damaged.
    """
    changes = [one for one in registry.history(name) if alias in (None, one.alias)][-limit:]
    newest = {one.alias: one.entry for one in changes}
    verdicts = {sha256: _verdict(registry, name, sha256) for sha256 in {one.after.sha256 for one in changes}}
    return [Event(one, verdicts[one.after.sha256], newest[one.alias] == one.entry) for one in reversed(changes)]


def page(name: str, events: Sequence[Event]) -> Page:
    """The changes as people read them."""
    headings = ("now", "when (UTC)", "alias", "change", "SHA-256", "verdict", "by")
    rows = tuple(_row(one) for one in events)
    return Page("History", "", f"{name}, the newest first.", (Table("Changes", headings, rows),))


def as_json(name: str, events: Sequence[Event]) -> str:
    """The same with digests in full."""
    return json.dumps({"name": name, "changes": [_as_dict(one) for one in events]}, indent=1)


def _row(event: Event) -> tuple[str, ...]:
    change = event.change
    before = f"v{change.before.number}" if change.before else "–"
    return (
        "*" if event.stands else "",
        f"{change.time:%Y-%m-%d %H:%M}",
        change.alias,
        f"{before} → v{change.after.number}" + (" (roll-back)" if change.action == "roll-back" else ""),
        change.after.sha256[:12],
        event.verdict.result if event.verdict else "–",
        str(change.author),
    )


def _as_dict(event: Event) -> dict[str, object]:
    change, verdict = event.change, event.verdict
    return {
        "entry": change.entry,
        "time": change.time.isoformat(),
        "by": change.author.tool,
        "actor": change.author.actor,
        "run_url": change.author.run_url,
        "approved_by": list(change.author.approved_by),
        "forced": change.author.forced,
        "action": change.action,
        "alias": change.alias,
        "before": change.before and {"version": change.before.number, "sha256": change.before.sha256},
        "after": {"version": change.after.number, "sha256": change.after.sha256},
        "stands": event.stands,
        "verdict": verdict and {"result": verdict.result, "decision": verdict.decision, "policy": verdict.policy},
    }


def _verdict(registry: Registry, name: str, sha256: str) -> Verdict | None:
    kept = (one.predicate for one in registry.statements(name, sha256))
    verdicts = [one for one in kept if isinstance(one, Verdict)]
    return max(verdicts, key=lambda one: one.made, default=None)


def _nothing(registry: Registry, name: str, alias: str | None) -> InputError:
    aliases = registry.head(name).aliases
    if not aliases:
        hint = nearest(name, registry.names())
        return InputError(f"the registry {registry.location!r} has no model {name!r}.", hint=hint)
    message = f"{name!r} never had an alias {alias!r} in the registry {registry.location!r}."
    return InputError(message, hint=nearest(str(alias), aliases))


def _count(given: str) -> int:
    if not given.isdigit() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no number from 1 on")
    return int(given)
