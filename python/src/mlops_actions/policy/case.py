"""What one run judges: the subject, the facts about it, and the statements and files that they were read from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Reason, Result, Stored, digest_bytes
from mlops_actions.policy.champion import champion_of
from mlops_actions.policy.facts import Champion, Facts, Stated, facts_of
from mlops_actions.policy.judging.members import check_names
from mlops_actions.policy.language.rule import Measured, Overall, Passed, Rule, Topic
from mlops_actions.policy.sources import (
    Subject,
    data_digests,
    data_facts,
    evaluation_of,
    material_of,
    model_facts,
    training_of,
)

if TYPE_CHECKING:
    from mlops_actions.evidence.evaluation import Evaluation

_DAY = 86400.0


@dataclass(frozen=True)
class Case:
    """Everything that is judged in one run."""

    subject: Subject
    facts: Facts
    materials: tuple[Material, ...]
    evaluated: Result = "pass"
    """The evaluation's own result; a verdict is never better."""
    notes: tuple[Reason, ...] = ()
    """The evaluation's own reasons."""
    points: bool = False
    """Whether the numbers came without anything that an interval could be made from."""
    data: tuple[str, ...] = ()
    """Digests of the data that it was evaluated on."""

    @property
    def test_set(self) -> str | None:
        """One digest for the data, None where it is not known."""
        if len(self.data) < 2:
            return self.data[0] if self.data else None
        return digest_bytes(" ".join(self.data).encode())


def from_evaluation(
    store: EvidenceStore,
    rules: Sequence[Rule],
    subject: Subject | None,
    data: str | None,
    registry: str,
    name: str | None,
) -> Case:
    """The case of one evaluation; the registry is read only where a rule names the champion.

    Raises InputError for rules that the evaluation cannot answer, OutsideError for a registry that cannot be read.
    """
    stored = evaluation_of(store, subject, data)

    def champion() -> Champion:
        return champion_of(stored.statement.predicate, registry, name)

    return case_of(store, stored, rules, champion)


def case_of(
    store: EvidenceStore, stored: Stored[Evaluation], rules: Sequence[Rule], find_champion: Callable[[], Champion]
) -> Case:
    """The case of this evaluation; `find_champion` is asked only where a rule names the champion."""
    evaluation = stored.statement.predicate
    found = Subject(stored.statement.name, stored.statement.sha256)
    case = Case(found, facts_of(evaluation), (material_of(stored),), evaluation.result, tuple(evaluation.reasons))
    if evaluation.result == "fail":
        return case
    check_names(rules, case.facts, "the evaluation")
    _check_counts(rules, case.facts)
    if any(rule.names_champion for rule in rules):
        case = with_champion(case, find_champion(), evaluation.champion_name or "@champion")
    return with_history(replace(case, data=data_digests(evaluation)), rules, store, data_digests(evaluation))


def with_champion(case: Case, champion: Champion, uri: str) -> Case:
    """The case with what is known of the champion, which was compared as `uri`."""
    facts = replace(case.facts, champion=champion, is_champion=champion.sha256 == case.subject.sha256)
    if champion.sha256 is None:
        return replace(case, facts=facts)
    material = Material(name="champion", uri=uri, digest={"sha256": champion.sha256})
    return replace(case, facts=facts, materials=(*case.materials, material))


def _check_counts(rules: Sequence[Rule], facts: Facts) -> None:
    """Raise InputError where slices were pooled at another count than a rule asks for; that cannot be mended here."""
    for rule in rules:
        sliced = any(not isinstance(one.quantity, Overall | Measured) for one in rule.comparisons)
        if sliced and rule.minimum_count not in (None, facts.minimum_count):
            raise InputError(
                f"`{rule.text}`: the policy asks for {rule.minimum_count} rows a slice, "
                f"and evaluate-model pooled those with fewer than {facts.minimum_count}.",
                where=rule.where,
                hint=f"Give evaluate-model `minimum-count: {rule.minimum_count}`.",
            )


def with_history(case: Case, rules: Sequence[Rule], store: EvidenceStore, evaluated_on: tuple[str, ...]) -> Case:
    """Add what `age(model)` and `passed(...)` ask for, where a rule does."""
    topics = {rule.demand.of for rule in rules if isinstance(rule.demand, Passed)}
    asks_age = any(one.quantity == Measured("age") for rule in rules for one in rule.comparisons)
    if not (topics or asks_age):
        return case
    stored = training_of(store, case.subject)
    read = [material_of(stored)] if stored else []
    facts = case.facts
    if asks_age:
        provenance = stored.statement.predicate.provenance if stored else None
        age = (datetime.now(UTC) - provenance.finished).total_seconds() / _DAY if provenance else None
        facts = replace(facts, measured={**facts.measured, "age": age})
    if "data" in topics:
        trained_on = data_digests(stored.statement.predicate) if stored else ()
        stated, reports = data_facts(store, evaluated_on, trained_on)
        facts, read = _with(facts, "data", stated), [*read, *reports]
    if "model" in topics:
        stated, statements = model_facts(store, case.subject, evaluated_on)
        facts, read = _with(facts, "model", stated), [*read, *(one for one in statements if one not in read)]
    return replace(case, facts=facts, materials=(*case.materials, *read))


def _with(facts: Facts, topic: Topic, stated: Stated | None) -> Facts:
    return replace(facts, stated={**facts.stated, topic: stated}) if stated else facts
