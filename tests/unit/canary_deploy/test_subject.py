"""Which model a rollout, or an abort without one, is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_actions.canary_deploy.subject import find_subject, last_subject
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Provenance, Result, Statement
from mlops_actions.evidence.verdict import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def judge(store: EvidenceStore, name: str, result: Result, hour: int) -> None:
    time = NOON + timedelta(hours=hour)
    predicate = Verdict(
        result=result,
        provenance=Provenance(tool="0", started=time, finished=time),
        rules=[],
        champion=None,
        policy="p",
        judged_on="intervals",
        decision="Decided.",
    )
    store.write(Statement(name, name * 64, predicate))


def test_the_only_model_with_a_passing_verdict_is_rolled_out(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    judge(store, "a", "pass", 0)
    judge(store, "b", "fail", 1)
    assert find_subject(None, "file:r", None, store).name == "a"
    judge(store, "a", "fail", 2)
    with pytest.raises(InputError, match="no verdict in '.*' passes. Give the input 'model'"):
        find_subject(None, "file:r", None, store)


def test_several_models_with_a_passing_verdict_are_listed(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    judge(store, "a", "pass", 0)
    judge(store, "b", "pass", 0)
    with pytest.raises(InputError, match=r"several models have a passing verdict .*: a \(a{12}\), b \(b{12}\)"):
        find_subject(None, "file:r", None, store)


def test_an_abort_without_a_rollout_is_about_the_model_that_was_judged_last(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    assert last_subject(store) is None
    judge(store, "b", "fail", 1)
    judge(store, "a", "pass", 0)
    found = last_subject(store)
    assert found is not None
    assert found.name == "b"
