"""From the rules' findings to one decision, told in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_actions.evidence import Reason, Result
from mlops_actions.evidence.verdict import overall
from mlops_actions.policy.judging.finding import Finding
from mlops_actions.policy.judging.wording import units


@dataclass(frozen=True)
class Decision:
    """What the gate says."""

    result: Result
    sentence: str
    reasons: tuple[Reason, ...]


def decide(
    findings: Sequence[Finding], evaluated: Result = "pass", notes: Sequence[Reason] = (), clusters: Sequence[str] = ()
) -> Decision:
    """The worst of the rules that block, and never better than the evaluation: its result and its reasons.

    `clusters` are the columns whose values rows hang together by.
    """
    blocking = [one for one in findings if one.blocks]
    judged: list[Result] = [one.result for one in blocking if one.result != "not-applicable"]
    unanchored = _unanchored(blocking)
    result = overall([overall(judged), evaluated, "inconclusive" if unanchored else "pass"])
    reasons = [*notes, *(_reason(one) for one in findings if one.result in ("fail", "inconclusive")), *unanchored]
    if result == "pass":
        return Decision(result, _passed(findings), tuple(reasons))
    decisive = [one for one in blocking if one.result == result]
    messages = [note.message for note in notes if evaluated == result and not note.warning]
    messages += [one.headline for one in decisive] + [reason.message for reason in unanchored]
    if not messages:
        messages = ["no rule that blocks was judged."]
    if result == "fail":
        return Decision(result, f"Refused: {_first_of(messages)}", tuple(reasons))
    return Decision(result, f"Not decided: {_needed(decisive, clusters)}{_first_of(messages)}", tuple(reasons))


def choices(findings: Sequence[Finding], clusters: Sequence[str], by_points: Result | None) -> list[str]:
    """What a person can do about an inconclusive verdict; `by_points` is what `judge: points` would say."""
    open_ones = [one for one in findings if one.blocks and one.result == "inconclusive"]
    found = []
    if needs := [one.need for one in open_ones if one.need]:
        most = max(needs, key=lambda need: need.total / need.now)
        kinds = clusters if most.clustered else ()
        found.append(
            f"Evaluate on about {units(kinds, most.more, 'more')}: {units(kinds, most.total)} in all "
            f"would show it with a chance of 80 %, if the truth is what it seems."
        )
    margins = ((one.margin, one.rule.text) for one in open_ones if one.margin)
    found += [f"Ask for less: `{margin}` would pass instead of `{text}`." for margin, text in margins]
    if by_points is not None:
        words = {"pass": "would pass", "fail": "would refuse the model", "inconclusive": "would not decide either"}
        found.append(f"Compare plain values with `judge: points`, blind to noise: it {words[by_points]}.")
    return [*found, "Go on without a decision: `fail-on: fail` ends this step green, the result stays inconclusive."]


def _unanchored(blocking: Sequence[Finding]) -> list[Reason]:
    """Where rules about the champion do not apply, a rule about the model itself has to pass."""
    skipped = any(one.result == "not-applicable" for one in blocking)
    if not skipped or any(one.absolute and one.result == "pass" for one in blocking):
        return []
    message = "there is no champion yet, and no rule that compares a metric with a number passes."
    advice = "" if any(one.absolute for one in blocking) else " Add one, such as `accuracy > 0.8`."
    return [Reason(code="no-absolute-rule", message=f"{message}{advice}")]


def _reason(finding: Finding) -> Reason:
    why = f" Why it is asked: {finding.rule.reason}" if finding.rule.reason else ""
    owner = f" Ask {finding.rule.owner}." if finding.rule.owner else ""
    kind = "" if finding.blocks else "warning only, "
    return Reason(
        code=finding.code,
        message=f"{kind}`{finding.rule.text}`: {finding.message}{why}{owner}",
        where=finding.rule.where,
        warning=not finding.blocks,
    )


def _passed(findings: Sequence[Finding]) -> str:
    passed = sum(one.blocks and one.result == "pass" for one in findings)
    skipped = sum(one.result == "not-applicable" for one in findings)
    warned = sum(not one.blocks and one.result in ("fail", "inconclusive") for one in findings)
    text = "Passed: the rule holds." if passed == 1 else f"Passed: all {passed} rules hold."
    if skipped:
        text += f" {_count(skipped, 'rule')} about the champion did not apply: there is none yet."
    return f"{text} {_count(warned, 'warning')}." if warned else text


def _needed(open_ones: Sequence[Finding], clusters: Sequence[str]) -> str:
    """The data that would settle everything that is open; nothing where data alone would not."""
    needs = [one.need for one in open_ones]
    if not needs or None in needs:
        return ""
    most = max((need for need in needs if need), key=lambda need: need.total / need.now)
    return f"needs about {units(clusters if most.clustered else (), most.more, 'more')} of data. "


def _first_of(messages: Sequence[str]) -> str:
    others = len(messages) - 1
    more = f" ({_count(others, 'more reason')} below.)" if others else ""
    return f"{messages[0].rstrip()}{more}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
