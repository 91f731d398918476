"""Evidence that was edited, forged or taken away, and promotions that are forced all the same."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlops_actions.errors import InputError
from mlops_actions.evidence import Provenance, digest_bytes
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.store import EvidenceStore
from mlops_actions.evidence.verdict import Verdict

REASON = "The old model is wrong"


def codes(promotion: Any) -> list[str]:
    return [reason.code for reason in promotion.predicate.reasons]


def forge(path: str, **changes: Any) -> str:
    """Write a statement as somebody who knows how the folder names its files."""
    document = json.loads(Path(path).read_bytes())
    document["predicate"].update(changes)
    content = json.dumps(document).encode()
    kind, subject, _ = Path(path).name.split("-")
    Path(path).unlink()
    forged = Path(path).with_name(f"{kind}-{subject}-{digest_bytes(content)[:12]}.json")
    forged.write_bytes(content)
    return str(forged)


def test_a_verdict_that_was_edited_into_a_pass_is_refused(project: Any) -> None:
    path = project.model("bad")
    forge(project.judged(path, result="fail"), result="pass", reasons=[])
    refused = project.promote(path)
    (reason,) = refused.predicate.reasons
    assert reason.code == "verdict-differs"
    assert reason.message == "The verdict is not what judging again comes to: the whole: pass, judged again fail."
    assert project.champion() is None


def test_its_rules_may_be_edited_too(project: Any) -> None:
    path = project.model("bad")
    verdict = project.judged(path, result="fail")
    rules = json.loads(Path(verdict).read_bytes())["predicate"]["rules"]
    forge(verdict, result="pass", rules=[one | {"result": "pass"} for one in rules])
    assert codes(project.promote(path)) == ["verdict-differs"]


def test_a_policy_that_was_loosened_in_the_verdict_is_not_the_one_of_its_digest(project: Any) -> None:
    path = project.model("bad")
    forge(project.judged(path, result="fail"), result="pass", policy_text="roc_auc > 0.1")
    (reason,) = project.promote(path).predicate.reasons
    assert reason.code == "verdict-unfounded"
    assert reason.message.endswith("The policy that it holds is not the one of its digest.")


def test_a_policy_of_ones_own_is_told_by_require_policy(project: Any) -> None:
    path = project.model("bad")
    own = "roc_auc > 0.1"
    verdict = project.judged(path, result="fail")
    rules = json.loads(Path(verdict).read_bytes())["predicate"]["rules"]
    message = "roc_auc > 0.1 is shown"
    forge(
        verdict,
        result="pass",
        policy_text=own,
        policy=digest_bytes(own.encode()),
        rules=[rules[0] | {"rule": own, "result": "pass", "message": message}],
    )
    Path("policy.yaml").write_text("rules:\n- roc_auc > 0.6\n")
    assert codes(project.promote(path, require_policy="policy.yaml")) == ["policy-differs"]
    with pytest.raises(InputError, match="'plocy.yaml' is neither a policy file nor the beginning of a SHA-256"):
        project.promote(path, require_policy="plocy.yaml")


def test_a_verdict_whose_evaluation_is_gone_cannot_be_judged_again(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    (evaluation,) = Path("evidence").glob("evaluation-*")
    moved = shutil.move(evaluation, "elsewhere.json")
    (reason,) = project.promote(path).predicate.reasons
    assert reason.code == "verdict-unfounded"
    assert "that it was judged on is not in the folder 'evidence'." in reason.message
    assert project.promote(path, judge_again=False).predicate.result == "pass"
    shutil.move(moved, evaluation)
    assert project.promote(path).predicate.result == "pass"


def test_an_evaluation_that_was_edited_stops_the_promotion(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    (evaluation,) = Path("evidence").glob("evaluation-*")
    evaluation.write_text(evaluation.read_text().replace("0.8", "0.9"))
    with pytest.raises(InputError, match="the statement was edited or truncated"):
        project.promote(path)
    assert project.champion() is None


def test_a_verdict_of_a_release_that_kept_no_policy_is_said_to_be_one(project: Any) -> None:
    path = project.model("one")
    forge(project.judged(path), policy_text=None)
    (reason,) = project.promote(path).predicate.reasons
    assert reason.message == (
        "The verdict cannot be judged again. It does not hold the policy and the terms that it was judged by."
    )


def test_a_forced_promotion_is_in_the_log_for_good(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    path = project.model("bad")
    project.judged(path, result="fail")
    assert codes(project.promote(path)) == ["verdict-failed"]
    caplog.set_level(logging.INFO)
    promotion = project.promote(path, force=REASON).predicate
    assert (promotion.result, promotion.changed) == ("pass", True)
    assert (promotion.forced.reason, [one.code for one in promotion.forced.refusals]) == (REASON, ["verdict-failed"])
    assert caplog.messages[-4].startswith(f"FORCED ({REASON}), in spite of: The newest verdict about this model")
    (change,) = project.registry.history("delay")
    assert change.author.forced == REASON


def test_a_promotion_that_nothing_speaks_against_is_not_a_forced_one(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    assert project.promote(path, force=REASON).predicate.forced is None
    (change,) = project.registry.history("delay")
    assert change.author.forced is None


def test_what_was_forged_cannot_be_forced(project: Any) -> None:
    path = project.model("bad")
    forge(project.judged(path, result="fail"), result="pass")
    assert codes(project.promote(path, force=REASON)) == ["verdict-differs"]
    assert project.champion() is None


def test_a_reason_has_to_say_something(project: Any) -> None:
    with pytest.raises(ValidationError, match="write the reason in at least 3 words; it is kept in the log"):
        project.inputs(force="true")


def test_who_may_not_promote_may_not_roll_back(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project.promoted("one")
    project.promoted("two")
    for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "mallory", "GITHUB_REF": "refs/heads/main"}.items():
        monkeypatch.setenv(name, value)
    refused = project.promote(rollback_to="previous", allowed_actors=["alice"], allowed_branches=["main"])
    assert codes(refused) == ["actor-not-allowed"]
    assert project.champion() == digest_bytes(b"two")
    assert project.promote(rollback_to="previous", allowed_branches=["main"]).predicate.changed


def test_a_newer_evaluation_does_not_stand_in_for_the_one_that_was_judged(project: Any) -> None:
    path = project.model("bad")
    forge(project.judged(path, result="fail"), result="pass")
    project.evaluated(path, "pass")
    assert codes(project.promote(path)) == ["verdict-differs"]


def test_statements_as_written_read_back(project: Any) -> None:
    path = project.model("one")
    verdict = project.judged(path)
    store = EvidenceStore("evidence")
    (stored,) = store.find(Verdict)
    assert str(stored.path) == verdict
    assert isinstance(stored.statement.predicate.provenance, Provenance)
    assert len(store.find(Evaluation)) == 1


def test_a_budget_is_asked_of_the_registry_whatever_the_verdict_says(project: Any) -> None:
    path = project.model("one")
    verdict = project.judged(path)
    budgeted = "rules: [roc_auc > 0.6, roc_auc >= champion]\ntest-set-budget: 1\n"
    digest = digest_bytes(budgeted.encode())
    materials = json.loads(Path(verdict).read_bytes())["predicate"]["materials"]
    policy = {"name": "policy", "uri": "policy.yaml", "digest": {"sha256": digest}}
    others = [one for one in materials if one["name"] != "policy"]
    forge(verdict, policy_text=budgeted, policy=digest, materials=[*others, policy])
    project.registry.attach("delay", f"looks/{'e' * 64}/{'1' * 64}-{'2' * 64}", b"{}")
    project.promote(path, dry_run=True)
    assert len(project.registry.attachments("delay", "looks")) == 1  # a dry run counts nothing
    (reason,) = project.promote(path).predicate.reasons
    assert reason.message == (
        "The verdict is not what judging again comes to: the whole: pass, judged again inconclusive."
    )
    assert len(project.registry.attachments("delay", "looks")) == 2
