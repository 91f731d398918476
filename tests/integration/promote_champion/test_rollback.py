"""Rolling back on a disk: to what, how often, and what cannot be returned to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes


def test_a_roll_back_returns_to_the_model_before(project: Any) -> None:
    one, two = project.promoted("one"), project.promoted("two")
    statement = project.promote(rollback_to="previous")
    promotion = statement.predicate
    assert (statement.sha256, promotion.result, promotion.changed) == (one, "pass", True)
    assert (promotion.before, promotion.after, promotion.version, promotion.entry) == (two, one, 1, 3)
    assert [change.action for change in project.registry.history("delay")] == ["promote", "promote", "roll-back"]


@pytest.mark.parametrize("wanted", ["1", "v1", f"sha256:{digest_bytes(b'one')}", digest_bytes(b"one")])
def test_a_roll_back_to_a_version_can_be_repeated(project: Any, wanted: str) -> None:
    project.promoted("one")
    project.promoted("two")
    project.promoted("three")
    assert project.promote(rollback_to=wanted).predicate.changed
    again = project.promote(rollback_to=wanted).predicate
    assert (again.result, again.changed) == ("pass", False)
    assert project.champion() == digest_bytes(b"one")


def test_a_rolled_back_model_can_be_promoted_again_by_a_new_verdict(project: Any) -> None:
    project.promoted("one")
    project.promoted("two")
    project.promote(rollback_to="previous")
    path = project.model("two")
    assert [reason.code for reason in project.promote(path, require="verdict").predicate.reasons] == []
    assert project.champion() == digest_bytes(b"two")


def test_a_roll_back_to_a_model_whose_bytes_are_damaged_is_refused(project: Any) -> None:
    one = project.promoted("one")
    two = project.promoted("two")
    Path(f"registry/blobs/{one}/model.joblib").write_text("cut")
    with pytest.raises(OutsideError, match="damaged"):
        project.promote(rollback_to="previous")
    assert project.champion() == two
