"""All custom checks of a contract together: what they need is read once, and what they count is one scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlops_actions.tables import Scan, Scanned, Table
from mlops_actions.validate_data.custom.interface import Found, Question, Sides
from mlops_actions.validate_data.custom.kinds import kind

if TYPE_CHECKING:
    from mlops_actions.validate_data.custom.distributions import Measure
    from mlops_actions.validate_data.custom.reference import Reference
    from mlops_actions.validate_data.rules import Contract


@dataclass(frozen=True)
class Asked:
    """What the custom checks want of the data's scan."""

    scan: Scan
    questions: Sequence[Question]

    def judge(self, scanned: Scanned) -> Found:
        """All results, in the contract's order."""
        found = [question.judge(scanned) for question in self.questions]
        return Found(
            tuple(check for one in found for check in one.checks), tuple(drift for one in found for drift in one.drift)
        )


def measures(contract: Contract, data: Table) -> list[Measure]:
    """What the contract's custom checks have to know of a reference."""
    return [
        replace(one, where=rule.where)
        for rule in contract.custom
        for one in rule.arguments.measures(contract, data.stored)
    ]


def ask(
    contract: Contract,
    data: Table,
    *,
    reference: Reference | None = None,
    holdout: Table | None = None,
    earlier: Callable[[], tuple[int, ...]] = tuple,
    first: int = 0,
    now: datetime | None = None,
) -> Asked:
    """Prepare every custom check of the contract; see `Sides` for what it may need."""
    moment = (now or datetime.now(UTC)).replace(tzinfo=None)
    sides = Sides(contract, data, reference, holdout, earlier, moment, first)
    questions = [kind(rule.kind).ask(rule, sides) for rule in contract.custom]
    return Asked(together([question.scan for question in questions]), questions)


def together(scans: Sequence[Scan]) -> Scan:
    """One scan that finds out what each would."""
    return Scan(
        types={name: type_ for scan in scans for name, type_ in scan.types.items()},
        flags={name: flag for scan in scans for name, flag in scan.flags.items()},
        counts={name: count for scan in scans for name, count in scan.counts.items()},
        keys={name: key for scan in scans for name, key in scan.keys.items()},
        missing=frozenset(name for scan in scans for name in scan.missing),
        aggregates={name: one for scan in scans for name, one in scan.aggregates.items()},
        groups={name: one for scan in scans for name, one in scan.groups.items()},
        first=max((scan.first for scan in scans), default=0),
    )
