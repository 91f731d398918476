from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.comparison import Question, read_question
from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import Interval


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("errors < stable", Question("errors", "<")),
        ("conversions>stable", Question("conversions", ">")),
        ("errors < stable + 0.01", Question("errors", "<", 0.01)),
        ("revenue > stable - .5", Question("revenue", ">", -0.5)),
    ],
)
def test_a_question_is_a_claim_about_the_candidate(text: str, question: Question) -> None:
    assert read_question(text) == question
    assert read_question(str(question)) == question


@pytest.mark.parametrize(
    "text", ["", "errors", "errors < 0.01", "errors <= stable", "stable > errors", "errors < stable +"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="which is no claim about the candidate. Write what is to be shown, such as"):
        read_question(text)


@pytest.mark.parametrize(
    ("question", "interval", "answer"),
    [
        (Question("errors", "<"), Interval(-0.02, -0.03, -0.01), "yes"),
        (Question("errors", "<"), Interval(0.02, 0.01, 0.03), "no"),
        (Question("errors", "<"), Interval(0.0, -0.01, 0.01), "open"),
        (Question("errors", "<", 0.02), Interval(0.0, -0.01, 0.01), "yes"),
        (Question("revenue", ">"), Interval(0.5, 0.2, 0.8), "yes"),
        (Question("revenue", ">", 1.0), Interval(0.5, 0.2, 0.8), "no"),
        (Question("revenue", ">"), None, "open"),
    ],
)
def test_an_answer_is_shown_or_open(question: Question, interval: Interval | None, answer: str) -> None:
    assert question.answer(interval) == answer
