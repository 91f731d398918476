"""`schema`: columns that the reference has and the data has not, or the other way round, or of another type."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Question, Rule, Sides, settled

Change = Literal["added", "removed", "retyped"]


class Arguments(Base):
    """Changes of columns since the reference. The types of text files, which have none, are not compared."""

    ROWS: ClassVar[bool] = False

    allow: list[Change] = Field([], description="Changes that may be: added, removed, retyped.")
    ignore: list[str] = Field([], description="Columns that may change.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Compare the columns; no row is read."""
    given = rule.given(Arguments)
    if sides.reference is None:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no reference was given."))
    now = {name: type_ for name, type_ in sides.data.stored.items() if name not in given.ignore}
    before = {name: type_ for name, type_ in sides.reference.stored.items() if name not in given.ignore}
    changes: dict[Change, list[str]] = {
        "removed": [repr(name) for name in before if name not in now],
        "added": [repr(name) for name in now if name not in before],
        "retyped": [
            f"{name!r} from {before[name]} to {type_}"
            for name, type_ in now.items()
            if name in before and type_ != before[name] and "text" not in (type_, before[name])
        ],
    }
    refused = sum(len(names) for change, names in changes.items() if change not in given.allow)
    told = [f"{change}: {', '.join(names)}" for change, names in changes.items() if names]
    message = f"beside the reference: {'; '.join(told) if told else 'the same columns'}."
    if "text" in {*now.values(), *before.values()}:
        message += " Types were not compared, since text files have none."
    return settled(rule.result("fail" if refused else "pass", message, failed=refused, total=len(now | before)))
