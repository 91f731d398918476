"""Why a model may not be promoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.evidence import Predicate, Reason, Result, Statement, Stored
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.promote_champion.judgement import refusals
from mlops_actions.registries import Blob, Head, Version

MODEL, OLD, NEW = "c" * 64, "a" * 64, "b" * 64


def head(champion: str | None, challenger: str | None = None) -> Head:
    named = {"champion": champion, "challenger": challenger}
    aliases = {
        alias: Version("delay", 3, Blob(sha256, ".joblib", 1)) for alias, sha256 in named.items() if sha256 is not None
    }
    return Head("delay", 7, "e" * 64, aliases, 3)


def verdict(
    champion: str | None, rule: str = "roc_auc >= champion", result: Result = "pass", reasons: tuple[Reason, ...] = ()
) -> Stored[Predicate]:
    predicate = Verdict(
        result=result,
        reasons=list(reasons),
        rules=[RuleOutcome(rule=rule, result="pass", message="shown.")],
        champion=champion,
        policy="d" * 64,
        judged_on="intervals",
        decision="It is better.",
    )
    return Stored(Path("evidence/verdict.json"), "f" * 64, Statement("model.joblib", MODEL, predicate))


def rollout(result: Result) -> Stored[Predicate]:
    predicate = Rollout(
        result=result,
        reasons=[Reason(code="worse", message="Errors rose from 1 % to 5 %.")],
        target="envoy:admin",
        strategy="canary",
        outcome="rolled-back",
        identity="verified",
        steps=[100],
        looks=[],
        weights=[],
        alpha=0.05,
        error_margin=0.01,
        dispersion=1,
    )
    return Stored(Path("evidence/rollout.json"), "f" * 64, Statement("model.joblib", MODEL, predicate))


@pytest.mark.parametrize("champion", [OLD, None])
def test_a_passing_verdict_against_the_present_champion_lets_through(champion: str | None) -> None:
    assert refusals({"verdict": verdict(champion)}, MODEL, head(champion)) == []


def test_no_verdict_is_a_refusal() -> None:
    assert refusals({"verdict": None}, MODEL, head(OLD)) == [
        Reason(
            code="no-verdict",
            message="No verdict is about this model (cccccccccccc); promotion requires one that passes.",
        )
    ]


@pytest.mark.parametrize(("result", "code"), [("fail", "verdict-failed"), ("inconclusive", "verdict-inconclusive")])
def test_a_verdict_that_does_not_pass_is_a_refusal_with_its_reasons(result: Result, code: str) -> None:
    why = Reason(code="few-rows", message="200 rows are too few.")
    assert refusals({"verdict": verdict(OLD, result=result, reasons=(why,))}, MODEL, head(OLD)) == [
        Reason(
            code=code,
            message=f"The newest verdict about this model (cccccccccccc) is {result}, not pass. 200 rows are too few.",
            where="evidence/verdict.json",
        )
    ]


@pytest.mark.parametrize(
    ("judged_against", "now", "message"),
    [
        (
            OLD,
            NEW,
            "The verdict compared this model (cccccccccccc) with the champion aaaaaaaaaaaa, but 'delay' has "
            "the champion version 3 (bbbbbbbbbbbb) now: evaluate and gate it again.",
        ),
        (
            None,
            NEW,
            "The verdict compared this model (cccccccccccc) with no champion, but 'delay' has the champion "
            "version 3 (bbbbbbbbbbbb) now: evaluate and gate it again.",
        ),
        (
            OLD,
            None,
            "The verdict compared this model (cccccccccccc) with the champion aaaaaaaaaaaa, but 'delay' has "
            "no champion now: evaluate and gate it again.",
        ),
    ],
)
def test_a_stale_verdict_is_refused(judged_against: str | None, now: str | None, message: str) -> None:
    assert refusals({"verdict": verdict(judged_against)}, MODEL, head(now)) == [
        Reason(code="champion-changed", message=message, where="evidence/verdict.json")
    ]


def test_a_model_that_became_champion_does_not_make_its_own_verdict_stale() -> None:
    assert refusals({"verdict": verdict(OLD)}, MODEL, head(MODEL)) == []


def test_a_challenger_does_not_make_a_verdict_stale() -> None:
    assert refusals({"verdict": verdict(OLD)}, MODEL, head(OLD, challenger=NEW)) == []


def test_rules_without_a_champion_hold_whoever_is_champion() -> None:
    assert refusals({"verdict": verdict(None, rule="accuracy > 0.8")}, MODEL, head(NEW)) == []


def test_every_required_statement_must_pass() -> None:
    proof = {"verdict": verdict(OLD), "rollout": rollout("fail")}
    assert [reason.code for reason in refusals(proof, MODEL, head(OLD))] == ["rollout-failed"]
    assert refusals({"verdict": verdict(OLD), "rollout": rollout("pass")}, MODEL, head(OLD)) == []
    codes = [reason.code for reason in refusals({"verdict": verdict(OLD), "rollout": None}, MODEL, head(NEW))]
    assert codes == ["no-rollout", "champion-changed"]
