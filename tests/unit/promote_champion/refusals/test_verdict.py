"""Why a model may not be promoted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_actions.ci import Context
from mlops_actions.evidence import Predicate, Provenance, Reason, Result, Statement, Stored
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.promote_champion.refusals import CODES, Again, Conditions, Grounds, overridable, refusals
from mlops_actions.registries import Blob, Head, Version

MODEL, OLD, NEW = "c" * 64, "a" * 64, "b" * 64
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def grounds(
    proof: Mapping[str, Stored[Predicate] | None],
    conditions: Conditions = Conditions(),  # noqa: B008  frozen
    context: Context = Context(),  # noqa: B008  frozen
    *,
    failed: Stored[Predicate] | None = None,
    again: Again = None,
    branch_policy: tuple[str, str] | None = None,
) -> Grounds:
    return Grounds(MODEL, proof, conditions, context, NOW, failed, again, branch_policy)


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
        provenance=Provenance(tool="0", started=NOW - timedelta(days=3), finished=NOW - timedelta(days=3)),
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
    assert refusals(grounds({"verdict": verdict(champion)}), head(champion)) == []


def test_no_verdict_is_a_refusal() -> None:
    assert refusals(grounds({"verdict": None}), head(OLD)) == [
        Reason(
            code="no-verdict",
            message="No verdict is about this model (cccccccccccc); promotion requires one that passes.",
        )
    ]


@pytest.mark.parametrize(("result", "code"), [("fail", "verdict-failed"), ("inconclusive", "verdict-inconclusive")])
def test_a_verdict_that_does_not_pass_is_a_refusal_with_its_reasons(result: Result, code: str) -> None:
    why = Reason(code="few-rows", message="200 rows are too few.")
    assert refusals(grounds({"verdict": verdict(OLD, result=result, reasons=(why,))}), head(OLD)) == [
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
    assert refusals(grounds({"verdict": verdict(judged_against)}), head(now)) == [
        Reason(code="champion-changed", message=message, where="evidence/verdict.json")
    ]


def test_a_model_that_became_champion_does_not_make_its_own_verdict_stale() -> None:
    assert refusals(grounds({"verdict": verdict(OLD)}), head(MODEL)) == []


def test_a_challenger_does_not_make_a_verdict_stale() -> None:
    assert refusals(grounds({"verdict": verdict(OLD)}), head(OLD, challenger=NEW)) == []


def test_rules_without_a_champion_hold_whoever_is_champion() -> None:
    assert refusals(grounds({"verdict": verdict(None, rule="accuracy > 0.8")}), head(NEW)) == []


def test_every_required_statement_must_pass() -> None:
    proof = {"verdict": verdict(OLD), "rollout": rollout("fail")}
    assert [reason.code for reason in refusals(grounds(proof), head(OLD))] == ["rollout-failed"]
    assert refusals(grounds({"verdict": verdict(OLD), "rollout": rollout("pass")}), head(OLD)) == []
    codes = [reason.code for reason in refusals(grounds({"verdict": verdict(OLD), "rollout": None}), head(NEW))]
    assert codes == ["no-rollout", "champion-changed"]


def test_a_rollout_that_failed_counts_where_none_is_required() -> None:
    found = refusals(grounds({"verdict": verdict(OLD)}, failed=rollout("fail")), head(OLD))
    assert [reason.code for reason in found] == ["rollout-failed"]
    assert refusals(grounds({"verdict": verdict(OLD)}, failed=rollout("inconclusive")), head(OLD)) == []


def message(conditions: Conditions, context: Context = Context()) -> str:  # noqa: B008  frozen
    (reason,) = refusals(grounds({"verdict": verdict(OLD)}, conditions, context), head(OLD))
    return f"{reason.code}: {reason.message}"


def test_a_verdict_older_than_asked_for_is_refused() -> None:
    assert message(Conditions(max_age=86400.0)) == (
        "verdict-too-old: The verdict is 3 days old, and max-age is 1 days: evaluate and gate it again."
    )
    assert refusals(grounds({"verdict": verdict(OLD)}, Conditions(max_age=4 * 86400.0)), head(OLD)) == []


def test_a_verdict_by_another_policy_is_refused() -> None:
    assert message(Conditions(require_policy="e" * 64)) == (
        "policy-differs: The verdict was reached by the policy dddddddddddd, not by eeeeeeeeeeee (require-policy)."
    )
    assert refusals(grounds({"verdict": verdict(OLD)}, Conditions(require_policy="d" * 8)), head(OLD)) == []


def test_a_pull_request_is_not_judged_by_a_policy_of_its_own() -> None:
    own = grounds({"verdict": verdict(OLD)}, branch_policy=("main", "e" * 64))
    assert [reason.message for reason in refusals(own, head(OLD))] == [
        "The verdict was reached by the policy dddddddddddd, and that of the branch main is eeeeeeeeeeee: a pull "
        "request is not judged by a policy of its own."
    ]
    assert refusals(grounds({"verdict": verdict(OLD)}, branch_policy=("main", "d" * 64)), head(OLD)) == []


@pytest.mark.parametrize("actor", ["mallory", None])
def test_only_who_is_named_may_promote(actor: str | None) -> None:
    conditions = Conditions(allowed_actors=("alice", "bob"))
    who = actor or "nobody that this CI system names"
    assert message(conditions, Context(actor=actor)) == (
        f"actor-not-allowed: This is run by {who}; allowed-actors are alice, bob."
    )
    assert refusals(grounds({"verdict": verdict(OLD)}, conditions, Context(actor="bob")), head(OLD)) == []


def test_only_named_branches_may_promote() -> None:
    conditions = Conditions(allowed_branches=("main", "release/*"))
    assert message(conditions, Context(branch="feature")) == (
        "branch-not-allowed: This runs on the branch feature; allowed-branches are main, release/*."
    )
    assert message(conditions) == (
        "branch-not-allowed: This runs on no branch (a pull request, a tag or a terminal); "
        "allowed-branches are main, release/*."
    )
    at_home = grounds({"verdict": verdict(OLD)}, conditions, Context(branch="release/7"))
    assert refusals(at_home, head(OLD)) == []


def test_a_fork_cannot_force() -> None:
    forced = Conditions(forced=True)
    assert message(forced, Context(fork=True)) == (
        "force-not-allowed: A pull request from a fork cannot force a promotion."
    )
    assert refusals(grounds({"verdict": verdict(OLD)}, forced), head(OLD)) == []


def test_a_verdict_that_judging_again_does_not_come_to_is_refused() -> None:
    stated, again = verdict(OLD), verdict(OLD, result="fail").statement.predicate
    assert isinstance(again, Verdict)
    (reason,) = refusals(grounds({"verdict": stated}, again=again), head(OLD))
    assert (reason.code, reason.message) == (
        "verdict-differs",
        "The verdict is not what judging again comes to: the whole: pass, judged again fail.",
    )
    (reason,) = refusals(grounds({"verdict": stated}, again="The evaluation is not here."), head(OLD))
    assert (reason.code, reason.message) == (
        "verdict-unfounded",
        "The verdict cannot be judged again. The evaluation is not here.",
    )


def test_every_refusal_has_its_code_and_only_what_speaks_against_the_model_can_be_overridden() -> None:
    reasons = {
        code: Reason(code=code, message="")
        for code in [*CODES, "no-rollout", "evaluation-failed", "training-inconclusive"]
    }
    never = {code for code, reason in reasons.items() if not overridable(reason)}
    assert never == {
        *("verdict-differs", "actor-not-allowed", "branch-not-allowed", "force-not-allowed", "lost-race"),
    }
    assert not overridable(Reason(code="something-new", message=""))
