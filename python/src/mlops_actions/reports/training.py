"""The training statement's page."""

from __future__ import annotations

from mlops_actions.evidence.statement import Statement
from mlops_actions.evidence.training import Training
from mlops_actions.reports.page import Page, Table, number


def page(statement: Statement[Training]) -> Page:
    """What was run, on what, and what came out."""
    training = statement.predicate
    facts = (
        ("command", " ".join(training.command)),
        ("seconds", number(training.seconds)),
        ("commit", f"{training.commit or '–'}{' (with changes)' if training.dirty else ''}"),
        ("python", training.python or "–"),
        ("lock", training.lock or "–"),
        ("seed", str(training.seed) if training.seed is not None else "–"),
        *((f"parameter {key}", value) for key, value in training.parameters.items()),
        *((f"metric {key}", number(value)) for key, value in training.metrics.items()),
    )
    headline = f"{statement.name} was trained in {number(training.seconds, 3)} s."
    return Page("Training", training.result, headline, (Table("How", ("what", "value"), facts),))
