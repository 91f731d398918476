"""A policy that extends others: their rules, its own in their place or beside them, locked ones only tightened."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from mlops_actions.errors import InputError
from mlops_actions.policy.language.rule import Comparison, Guard, Passed, Rule


def inherit(base: Sequence[Rule], own: Sequence[Rule]) -> tuple[Rule, ...]:
    """The base's rules, each replaced by an own rule about the same, and the other own rules after them.

    Raises InputError where an own rule asks for less than a locked one that it replaces.
    """
    replacing = {about(rule): rule for rule in own}
    kept = []
    for rule in base:
        mine = replacing.pop(about(rule), None)
        if mine is not None and rule.locked:
            _check_tightened(rule, mine)
        kept.append(mine or rule)
    return (*kept, *(rule for rule in own if about(rule) in replacing))


def about(rule: Rule) -> Hashable:
    """What a rule is about, whatever its limits: rules that agree in it take each other's place.

    A guard and a plain rule about one metric are two rules, and so are comparisons with other references, or other
    multiples of one.
    """
    if isinstance(rule.demand, Passed):
        return rule.demand
    compared = tuple((one.quantity, one.factor, one.against, one.above) for one in rule.comparisons)
    return (type(rule.demand), compared)


def _check_tightened(locked: Rule, own: Rule) -> None:
    looser = _looser(locked, own)
    if looser is None:
        return
    raise InputError(
        f"`{own.text}` {looser} than `{locked.text}`, which {locked.where} locks.",
        where=own.where,
        hint="A locked rule may only be tightened: remove yours, or ask for more.",
    )


def _looser(locked: Rule, own: Rule) -> str | None:
    """In what the own rule is looser, as the middle of a sentence; None where it asks for at least as much."""
    guard = isinstance(locked.demand, Guard)
    if not isinstance(locked.demand, Passed):
        for asked, mine in zip(locked.comparisons, own.comparisons, strict=True):
            # A harm that is forbidden may grow; what must be shown may shrink.
            if _exceeds(asked, mine) if guard else _exceeds(mine, asked):
                return "allows more"
    if locked.severity == "block" and own.severity != "block":
        return "refuses less"
    if own.until is not None and own.until != locked.until:
        return "has an exception more"
    if own.confidence is not None and locked.confidence is not None:
        # Being surer is more to ask of a model that has to show something, and less to ask of one whose harm must be.
        looser = own.confidence > locked.confidence if guard else own.confidence < locked.confidence
        if looser:
            return f"is judged at another confidence ({own.confidence:g})"
    return None


def _exceeds(one: Comparison, other: Comparison) -> bool:
    """Whether some value satisfies the first comparison and not the second."""
    if one.limit == other.limit:
        return len(one.operator) > len(other.operator)
    return one.limit < other.limit if one.above else one.limit > other.limit
