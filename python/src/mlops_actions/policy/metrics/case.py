"""The case of a model whose metrics another tool computed, alone or beside the champion's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import EvidenceStore, Material, Reason
from mlops_actions.policy.case import Case, with_champion, with_history
from mlops_actions.policy.facts import MEGABYTE, Champion, Facts, Scope
from mlops_actions.policy.judging.members import check_names
from mlops_actions.policy.language.rule import Measured, Overall, Rule
from mlops_actions.policy.metrics.source import Numbers, Source, read_numbers
from mlops_actions.policy.sources import Subject, data_digest
from mlops_actions.statistics.contrasts import independent
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.latency import LATENCIES
from mlops_actions.statistics.metrics import known_metric

_SHA256_DIGITS = 64
METRICS, CHAMPION_METRICS = "metrics", "champion-metrics"
"""The roles of what was read."""


@dataclass(frozen=True)
class Files:
    """Where the numbers are."""

    candidate: Sequence[str]
    champion: Sequence[str] = ()


def from_metrics(
    store: EvidenceStore, rules: Sequence[Rule], subject: Subject, files: Files, data: str | None, champion: Champion
) -> Case:
    """The case of other tools' numbers: judged on intervals where there is what makes them, else as points.

    The champion's are those of another file, or of the same one: two samples, as far as anybody can tell. `champion`
    is the model that they are said to be of. Raises InputError for what the files do not hold.
    """
    evaluated_on = (data_digest(data),) if data else ()
    numbers = read_numbers(files.candidate)
    theirs = read_numbers(files.champion) if files.champion else None
    incumbent = theirs.metrics if theirs else numbers.champion
    facts = _facts(numbers, incumbent, subject)
    check_names(rules, facts, "the metrics-file", numbers.missing)
    _check_champion(rules, facts, numbers, theirs)
    _check_units(rules, numbers, incumbent)
    case = Case(
        subject,
        facts,
        (*_materials(METRICS, numbers.sources), *_materials(CHAMPION_METRICS, theirs.sources if theirs else ())),
        points=numbers.points,
        notes=tuple(_notes(rules, facts, numbers)),
        # Looks are counted by the whole digest.
        data=tuple(one for one in evaluated_on if len(one) == _SHA256_DIGITS),
    )
    if any(rule.names_champion for rule in rules):
        case = with_champion(case, champion, "@champion")
    return with_history(case, rules, store, evaluated_on)


def _facts(numbers: Numbers, incumbent: Mapping[str, Estimate], subject: Subject) -> Facts:
    measured: dict[str, float | None] = dict.fromkeys(("size_mb", *LATENCIES))
    measured |= {name: numbers.metrics[name].value for name in measured if name in numbers.metrics}
    if subject.size is not None:
        # What was weighed here counts, whatever the file claims.
        measured["size_mb"] = subject.size / MEGABYTE
    both = numbers.metrics.keys() & incumbent.keys()
    differences = {name: _difference(numbers.metrics[name], incumbent[name]) for name in both}
    return Facts(Scope(numbers.rows, numbers.metrics, incumbent, differences), measured=measured)


def _difference(candidate: Estimate, champion: Estimate) -> Estimate:
    """Of two samples; a point where one of them is one, since its error is not known."""
    if "point" in (candidate.scale, champion.scale):
        return Estimate.point(candidate.value - champion.value)
    return independent(candidate, champion)


def _check_champion(rules: Sequence[Rule], facts: Facts, numbers: Numbers, theirs: Numbers | None) -> None:
    """Raise InputError where a rule compares with numbers that were not given."""
    for rule in rules:
        if rule.names_champion and any(isinstance(one.quantity, Measured) for one in rule.comparisons):
            raise InputError(
                f"`{rule.text}`: a file of numbers does not tell how latencies vary between repeats.",
                where=rule.where,
                hint="Compare with a number, or run evaluate-model, which times both models by turns.",
            )
    for rule, metric in _compared(rules):
        if not facts.whole.champion:
            raise InputError(
                f"`{rule.text}`: the metrics-file does not hold the champion's numbers.",
                where=rule.where,
                hint="Give them in champion-metrics-file, or run evaluate-model, which compares on the same rows.",
            )
        if metric not in facts.whole.champion:
            raise InputError(
                f"`{rule.text}`: the champion's metrics-file has no metric {metric!r}.",
                where=rule.where,
                hint=(theirs.missing if theirs else numbers.missing) or nearest(metric, facts.whole.champion),
            )


def _check_units(rules: Sequence[Rule], numbers: Numbers, incumbent: Mapping[str, Estimate]) -> None:
    """Raise InputError where a share is compared with what is none: 15 % is no accuracy above 0.8."""
    for rule in rules:
        for comparison in rule.comparisons:
            name = str(comparison.quantity)
            known = known_metric(name.rpartition(".")[2])
            value, other = (one[name].value if name in one else nan for one in (numbers.metrics, incumbent))
            if known is None or not isfinite(value):
                continue
            low, high = known.bounds
            within = other if comparison.factor else comparison.limit
            if low <= within <= high and not low <= value <= high:
                what = "the champion's" if comparison.factor else f"the limit of `{rule.text}`"
                raise InputError(
                    f"{name} is {value:g}, but lies between {low:g} and {high:g}, as {what} does.",
                    where=numbers.sources[0].uri,
                    hint="Write 90 % as 0.9.",
                )


def _notes(rules: Sequence[Rule], facts: Facts, numbers: Numbers) -> Iterator[Reason]:
    """What a reader of the verdict has to know about the numbers, beside the rules' outcomes."""
    if any(facts.whole.reference("champion").difference(metric).scale != "point" for _, metric in _compared(rules)):
        message = (
            "the champion's numbers are judged as those of other rows, since a file does not pair them: "
            "evaluate-model, on the same rows, shows smaller differences."
        )
        yield Reason(code="unpaired", message=message, warning=True)
    if numbers.points:
        return
    asked = dict.fromkeys(metric for rule in rules for metric in _metrics(rule))
    unsure = [name for name in asked if facts.whole.candidate(name).scale == "point"]
    unsure += [name for _, name in _compared(rules) if name not in unsure and _blind(facts, name)]
    if unsure:
        message = f"judged as points, since nothing tells their uncertainty: {', '.join(dict.fromkeys(unsure))}."
        yield Reason(code="judged-as-points", message=message, warning=True)


def _blind(facts: Facts, metric: str) -> bool:
    return facts.whole.reference("champion").estimate(metric).scale == "point"


def _metrics(rule: Rule) -> Iterator[str]:
    return (one.quantity.metric for one in rule.comparisons if isinstance(one.quantity, Overall))


def _compared(rules: Sequence[Rule]) -> list[tuple[Rule, str]]:
    """The rules about the champion, with the metric that each compares."""
    return [
        (rule, comparison.quantity.metric)
        for rule in rules
        for comparison in rule.comparisons
        if comparison.factor and comparison.against == "champion" and isinstance(comparison.quantity, Overall)
    ]


def _materials(role: str, sources: Sequence[Source]) -> list[Material]:
    return [Material(name=role, uri=one.uri, digest={"sha256": one.sha256}) for one in sources]
