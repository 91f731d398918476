"""What a tracker costs: a warning at most."""

from __future__ import annotations

from pathlib import Path

import pytest

import statements
from mlops_actions.evidence import Statement
from mlops_actions.tracking.record import Record
from mlops_actions.tracking.writing import track


class Keeping:
    """A tracker that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> str:
        self.records.append(record)
        return "here"


def test_a_report_that_cannot_be_drawn_is_a_warning_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError("a chart without a width")

    monkeypatch.setattr("mlops_actions.tracking.writing.to_html", broken)
    tracker = Keeping()
    statement = Statement("model.joblib", "a" * 64, statements.verdict())
    track(tracker, statement, Path("verdict.json"), "quality-gate", "delay", None)
    assert tracker.records == []
    assert caplog.messages == ["Not tracked, by a bug in mlops-actions (ZeroDivisionError: a chart without a width)."]
