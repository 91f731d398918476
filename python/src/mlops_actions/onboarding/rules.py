"""A starter policy: one rule that any model has to meet, one against the champion, as strict as the data allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.rows.target import Target

_DIFFERING = 0.1
"""Rows in which two models of the same task answer differently: a usual share, and said in the policy."""
_NEEDED = 1.645 + 0.842
"""Standard errors between no difference and the margin, for 95 % confidence and 80 % power: z(.95) + z(.80)."""
_STEPS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class StarterRule:
    """One rule and why it stands there."""

    rule: str
    reason: str


def propose_rules(target: Target) -> list[StarterRule]:
    """Rules for a target with so many rows, before any model is known."""
    if target.task == "regression":
        return [
            StarterRule("r2 > 0", "Otherwise the mean of the labels is the better model."),
            StarterRule(
                "rmse <= 1.05 * champion",
                f"A new model may cost 5 %, no more. Whether {len(target.truth):,} rows can show that depends on "
                "how alike the two are; the verdict says how many more it would take.",
            ),
        ]
    rows = len(target.truth)
    guess = float(np.bincount(target.truth.astype(int)).max() / rows)
    margin = detectable_margin(rows)
    return [
        StarterRule(
            f"accuracy > {math.ceil(1000 * guess) / 1000:g}",
            f"Who always says the most frequent of the {len(target.labels)} labels is right so often.",
        ),
        StarterRule(
            f"accuracy >= champion - {margin:g}",
            f"With {rows:,} rows an equal model shows this 4 times in 5, where it answers one row in ten otherwise "
            "than the champion. More rows allow a smaller margin.",
        ),
    ]


def detectable_margin(rows: int) -> float:
    """The smallest round margin that an equal model is shown to keep with 80 % power, at 95 % confidence.

    The difference of two accuracies on the same rows has the variance d/n where a share d of n rows is answered
    rightly by one model only (McNemar 1947).

    >>> detectable_margin(2_000), detectable_margin(100_000)
    (0.02, 0.005)
    """
    least = _NEEDED * math.sqrt(_DIFFERING / rows)
    return next((step for step in _STEPS if step >= least), _STEPS[-1])
