"""The one question of an A/B test, as a claim that is fixed before it starts: `errors < stable`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import Interval

_CLAIM = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*([<>])\s*stable\s*(?:([+-])\s*(\d*\.?\d+)\s*)?")

Answer = Literal["yes", "no", "open"]


@dataclass(frozen=True)
class Question:
    """Whether the candidate's rate or mean lies below, or above, the stable side's by a limit."""

    metric: str
    sign: Literal["<", ">"]
    limit: float = 0.0
    """Of candidate minus stable."""

    def __str__(self) -> str:
        limit = f" {'+' if self.limit > 0 else '-'} {abs(self.limit):g}" if self.limit else ""
        return f"{self.metric} {self.sign} stable{limit}"

    def answer(self, difference: Interval | None) -> Answer:
        """What an interval of candidate minus stable says: `open` while it holds the limit.

        >>> Question("errors", "<", 0.01).answer(Interval(-0.002, -0.009, 0.005))
        'yes'
        """
        if difference is None or not difference.excludes(self.limit):
            return "open"
        return "yes" if (difference.upper < self.limit) == (self.sign == "<") else "no"


def read_question(text: str) -> Question:
    """A question as the user wrote it. InputError for what is none.

    >>> str(read_question("revenue>stable+0.50")), str(read_question("errors < stable"))
    ('revenue > stable + 0.5', 'errors < stable')
    """
    match = _CLAIM.fullmatch(text)
    if match is None:
        raise InputError(
            f"the input 'question' is {text!r}, which is no claim about the candidate.",
            hint="Write what is to be shown, such as errors < stable, conversions > stable or errors < stable + 0.01.",
        )
    metric, sign, plus, number = match.groups()
    limit = float(number or 0) * (-1 if plus == "-" else 1)
    return Question(metric, "<" if sign == "<" else ">", limit)
