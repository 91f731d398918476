"""From a case and a policy to the verdict: what the gate states, and what a promotion comes to when it judges again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlops_actions.evidence import Material, Reason
from mlops_actions.evidence.verdict import ExtendedPolicy, TestSetLook, Verdict, overall
from mlops_actions.policy.case import Case
from mlops_actions.policy.document import Policy
from mlops_actions.policy.judging.decision import Decision, choices, decide
from mlops_actions.policy.judging.finding import Finding
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.statistics.budget import Look


def reach_verdict(case: Case, policy: Policy, terms: Terms, look: TestSetLook | None = None) -> Verdict:
    """Every rule's outcome, the decision, and what it was read from."""
    if look and look.budget:
        terms = replace(terms, look=Look(look.candidates, look.look, look.budget))
    if worn := _worn(look):
        case = replace(case, evaluated=overall([case.evaluated, "inconclusive"]), notes=(*case.notes, worn))
    # Where the evaluation failed there is nothing to judge, and the verdict carries its reasons.
    rules = () if case.evaluated == "fail" else policy.rules
    findings = judge(rules, case.facts, terms)
    decision = _decide(case, findings)
    open_choices: list[str] = []
    if decision.result == "inconclusive":
        points = None if terms.points else _decide(case, judge(rules, case.facts, replace(terms, points=True))).result
        open_choices = choices(findings, case.facts.clusters, points)
    return Verdict(
        result=decision.result,
        reasons=list(decision.reasons),
        materials=[
            *case.materials,
            *(Material(name="policy", uri=uri, digest={"sha256": sha256}) for uri, sha256 in policy.read),
        ],
        rules=[outcome for finding in findings for outcome in finding.outcomes],
        champion=case.facts.champion.sha256,
        policy=policy.sha256,
        policy_text=policy.text.decode(errors="replace"),
        look=look,
        policy_chain=[
            ExtendedPolicy(uri=one.uri, sha256=one.sha256, text=one.text.decode(errors="replace"))
            for one in policy.bases
        ],
        confidence=terms.confidence,
        without_champion=terms.without_champion,
        judged_on="points" if terms.points else "intervals",
        decision=decision.sentence,
        choices=open_choices,
    )


def _worn(look: TestSetLook | None) -> Reason | None:
    """Why a test set that has judged more candidates than its budget decides nothing."""
    if look is None or look.budget is None or look.candidates <= look.budget:
        return None
    message = (
        f"test set worn out: it has judged {look.candidates} candidates, and test-set-budget is {look.budget}. "
        "Evaluate on fresh data."
    )
    return Reason(code="test-set-worn-out", message=message, where="test-set-budget")


def _decide(case: Case, findings: Sequence[Finding]) -> Decision:
    return decide(findings, case.evaluated, case.notes, case.facts.clusters)
