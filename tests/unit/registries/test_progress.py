"""A large model on its way is heard of every ten seconds, a small one not at all."""

from __future__ import annotations

import logging

import pytest

from mlops_actions.registries.progress import telling


def test_a_line_is_said_every_ten_seconds(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    moments = iter([0, 4, 8, 12, 12, 16, 20, 24, 24])
    monkeypatch.setattr("mlops_actions.registries.progress.time.monotonic", lambda: next(moments))
    with caplog.at_level(logging.INFO, "mlops_actions"):
        assert len(list(telling([bytes(1_000_000)] * 6, 1_500_000_000, "storing model.joblib"))) == 6
    assert caplog.messages == ["storing model.joblib: 3 of 1,500 MB", "storing model.joblib: 6 of 1,500 MB"]
