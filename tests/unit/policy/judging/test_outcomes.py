"""Every kind of outcome with the exact sentence that a person reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate_facts import DAYS, SCORE, SLICES, facts, mean, scope, sentence
from mlops_actions.policy.facts import Facts


@pytest.mark.parametrize(
    ("rule", "about", "expected"),
    [
        (
            "score > 0.8",
            SCORE,
            ("pass", "shown", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it is shown to be above 0.8."),
        ),
        (
            "score > 0.9",
            SCORE,
            ("fail", "limit-broken", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it must be above 0.9."),
        ),
        (
            "score >= 0.84",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); that does not show it to be at least 0.84. "
                "About 5,203 more rows would show it, if what is seen is the truth.",
            ),
        ),
        (
            "score >= 0.86",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); that does not show it to be at least 0.86. "
                "More rows would rather confirm the failure.",
            ),
        ),
        (
            "score > champion",
            DAYS,
            (
                "inconclusive",
                "not-shown",
                "score is 0.004 above the champion's (-0.002683 to 0.01068 at 95 % confidence); that does not show it "
                "to be above the champion's. About 325 more days would show it, if what is seen is the truth.",
            ),
        ),
        (
            "score >= champion - 0.01",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); that does not show it "
                "to be no more than 0.01 below the champion's. "
                "About 5,203 more rows would show it, if the candidate is as good as the champion.",
            ),
        ),
        (
            "score >= champion - 0.03",
            SCORE,
            (
                "pass",
                "shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); "
                "it is shown to be no more than 0.03 below the champion's.",
            ),
        ),
        (
            "forbid score < champion - 0.03",
            SCORE,
            (
                "pass",
                "no-harm-shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); it is not shown to be "
                "more than 0.03 below the champion's. Harm would have been seen at a difference to the champion of "
                "-0.0549.",
            ),
        ),
        (
            "forbid score < 0.9",
            SCORE,
            ("fail", "harm-shown", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it must not be below 0.9."),
        ),
        (
            "score[carrier] >= 0.6",
            SLICES,
            (
                "pass",
                "shown",
                'score is shown to be at least 0.6 in all 3 slices by carrier: score for carrier == "DL" is 0.7 '
                '(0.6835 to 0.7165 at 95 % confidence); score for carrier == "UA" is 0.84 (0.807 to 0.873 at 95 % '
                'confidence); score for carrier == "AA" is 0.9 (0.8835 to 0.9165 at 95 % confidence).',
            ),
        ),
        (
            "score[carrier] >= 0.8",
            SLICES,
            (
                "fail",
                "limit-broken",
                "score must be at least 0.8, and is shown not to be, in 1 of 3 slices by carrier: "
                'score for carrier == "DL" is 0.7 (0.6835 to 0.7165 at 95 % confidence).',
            ),
        ),
        (
            "forbid score[carrier] < champion - 0.03",
            SLICES,
            (
                "fail",
                "harm-shown",
                "score must not be more than 0.03 below the champion's, and is shown to be, in 1 of 3 slices by "
                'carrier: score for carrier == "AA" is 0.1 below the champion\'s (-0.1165 to -0.08351 at 95 % '
                "confidence).",
            ),
        ),
        (
            'score[carrier == "tiny"] >= 0.01',
            SLICES,
            (
                "inconclusive",
                "few-rows",
                'score for carrier == "tiny" rests on 12 rows, at least 30 are needed; that does not show it to be at '
                "least 0.01. More rows alone may not settle it.",
            ),
        ),
        (
            'forbid score[carrier == "AAA"] < 0.5',
            SLICES,
            (
                "inconclusive",
                "no-data",
                'score for carrier == "AAA" has no rows; whether it is below 0.5 cannot be judged.',
            ),
        ),
        (
            "score > 0.1",
            facts(scope(mean(0.85, 0.01, clusters=4)), clusters=("day",)),
            (
                "inconclusive",
                "few-clusters",
                "score rests on 4 clusters, worth 4.0 equal ones; 6 are needed; that does not show it to be above 0.1."
                " More rows alone may not settle it.",
            ),
        ),
        (
            "score > 0.1",
            facts(scope(mean(0.85, 0.0))),
            (
                "inconclusive",
                "zero-variance",
                "score shows no variation from which its error could be told; that does not show it to be above 0.1. "
                "More rows alone may not settle it.",
            ),
        ),
        (
            "abs(gap(score[carrier])) <= 0.4",
            SLICES,
            (
                "pass",
                "shown",
                "the gap of score is shown to be at most 0.4 in all 6 pairs of groups by carrier: score for carrier "
                '== "AA" against "DL" differs by 0.2 (0.1767 to 0.2233 at 95 % confidence); score for carrier == "UA" '
                'against "DL" differs by 0.14 (0.1031 to 0.1769 at 95 % confidence); score for carrier == "AA" against '
                '"UA" differs by 0.06 (0.02313 to 0.09687 at 95 % confidence); and 3 more.',
            ),
        ),
        (
            "ratio(score[carrier]) >= 0.9",
            SLICES,
            (
                "fail",
                "limit-broken",
                "the ratio of score must be at least 0.9, and is shown not to be, in 2 of 6 pairs of groups by "
                'carrier: score for carrier == "DL" against "AA" gives -0.11 as first - 0.9 × second (-0.1322 to '
                '-0.08782 at 95 % confidence); score for carrier == "DL" against "UA" gives -0.056 as first - 0.9 × '
                "second (-0.08995 to -0.02205 at 95 % confidence).",
            ),
        ),
    ],
)
def test_an_outcome_reads(rule: str, about: Facts, expected: tuple[str, str, str]) -> None:
    if "gap" in rule or "ratio" in rule:
        groups = {name: part for name, part in SLICES.slices["carrier"].items() if name != "tiny"}
        about = replace(about, slices={"carrier": groups})
    assert sentence(rule, about) == expected
