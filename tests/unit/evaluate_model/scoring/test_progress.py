"""What the scorer says of how far it is, between what a model prints."""

from __future__ import annotations

import logging

import pytest

from mlops_actions.evaluate_model.scoring.progress import Progress, is_progress


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def test_progress_is_heard_in_whatever_pieces_it_comes(told: pytest.LogCaptureFixture) -> None:
    heard = Progress("model", 3000)
    for byte in b"noise\nmlops-actions: scored 1000\nmore noise\n\nmlops-actions: scored 2000\n":
        heard(bytes([byte]))
    assert told.messages == ["1,000 of 3,000 rows scored with the model.", "2,000 of 3,000 rows scored with the model."]


def test_a_model_cannot_say_more_than_numbers_nor_for_ever(told: pytest.LogCaptureFixture) -> None:
    heard = Progress("model", 3000)
    heard(b"mlops-actions: scored all\nmlops-actions: scored 1\x1b[2J\n x mlops-actions: scored 5\n")
    assert told.messages == []
    heard(b"mlops-actions: scored 999999\n" * 5000)
    assert set(told.messages) == {"3,000 of 3,000 rows scored with the model."}
    assert len(told.messages) == 1000


def test_lines_of_progress_are_told_from_others() -> None:
    assert [is_progress(line) for line in ("", "mlops-actions: scored 7", "mlops-actions: scored 7 rows")] == [
        True,
        True,
        False,
    ]
