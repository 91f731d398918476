"""The promotion's page: which alias moved where."""

from __future__ import annotations

from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Page, Table, Text, marked


def page(statement: Statement[Promotion]) -> Page:
    """One table, and why where it was refused."""
    promotion = statement.predicate
    facts = (
        ("registry", promotion.registry),
        ("alias", f"{promotion.name}@{promotion.alias}"),
        ("before", promotion.before or "–"),
        ("after", promotion.after or "–"),
        ("version", str(promotion.version) if promotion.version is not None else "–"),
        *((("approved by", ", ".join(promotion.approved_by)),) if promotion.approved_by else ()),
        ("log entry", str(promotion.entry) if promotion.entry is not None else "–"),
    )
    forced = promotion.forced
    overridden = tuple((one.code, one.message) for one in forced.refusals) if forced else ()
    rules = tuple((marked(one.result), one.rule, one.message) for one in promotion.rules)
    blocks = (
        Table("Registry", ("what", "value"), facts),
        *((Text(f"It rests on this verdict: {promotion.decision}"),) if promotion.decision else ()),
        Table("Rules", ("outcome", "rule", "why"), rules),
        *((Table(f"Forced: {forced.reason}", ("refusal", "what it said"), overridden),) if forced else ()),
    )
    return Page("Promotion", promotion.result, _headline(promotion), blocks)


def _headline(promotion: Promotion) -> str:
    target = f"{promotion.name}@{promotion.alias}"
    if promotion.result != "pass":
        return f"{target} was not moved: " + " ".join(reason.message for reason in promotion.reasons)
    if planned := [reason.message for reason in promotion.reasons if reason.code == "dry-run"]:
        return f"To be approved: nothing is changed yet. {planned[0]}"
    if not promotion.changed:
        return f"{target} names version {promotion.version} already: nothing was changed."
    forced = f" It was FORCED: {promotion.forced.reason}" if promotion.forced else ""
    return f"{target} now names version {promotion.version}.{forced}"
