"""Judge again what a verdict says was judged: the same policy, on the same evidence, on the same terms.

A verdict is a file that whoever writes to the evidence folder can write. What it rests on is looked up by digest, and
what comes of judging it again is compared with what it says. Only a signature shows who made an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Stored, digest_bytes
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.verdict import TestSetLook, Verdict
from mlops_actions.policy.bases import Location, checked
from mlops_actions.policy.case import Case, case_of
from mlops_actions.policy.document import INLINE, Policy, inline_policy, parse_policy
from mlops_actions.policy.facts import Champion
from mlops_actions.policy.judging.judge import Terms
from mlops_actions.policy.sources import Subject
from mlops_actions.policy.verdicts import reach_verdict
from mlops_actions.yaml_source import parse_yaml


class UnfoundedError(Exception):
    """The verdict cannot be judged again; the message says what it lacks, as a sentence."""


Look = Callable[[str, str, int | None], TestSetLook]
"""How a look is counted, or found where it was: test set, policy, budget."""


def judge_again(stored: Stored[Verdict], store: EvidenceStore, size: int | None, today: date, look: Look) -> Verdict:
    """The verdict that its policy and evidence lead to now. `size` is the model's, in bytes.

    Raises UnfoundedError where the policy or the evidence is not there, or is not the one of the digest.
    """
    verdict = stored.statement.predicate
    if verdict.confidence is None or verdict.without_champion is None or verdict.policy_text is None:
        raise UnfoundedError("It does not hold the policy and the terms that it was judged by.")
    evaluation = _evaluation(stored, store)
    try:
        policy = _policy(verdict, verdict.policy_text)
        if evaluation is None:
            case = _on_metrics(verdict, Subject(stored.statement.name, stored.statement.sha256, size), policy, store)
        else:
            case = case_of(store, evaluation, policy.rules, lambda: _champion(evaluation.statement.predicate))
    except InputError as error:
        raise UnfoundedError(str(error)) from None
    points = verdict.judged_on == "points"
    terms = Terms(verdict.confidence, points, verdict.without_champion, today)
    counted = policy.test_set_budget is not None and case.test_set is not None
    taken = look(str(case.test_set), policy.sha256, policy.test_set_budget) if counted else None
    return reach_verdict(case, policy, terms, taken)


def differences(stated: Verdict, again: Verdict) -> list[str]:
    """What a verdict says that judging again does not, each as `rule: stated, again`; empty where they agree."""
    before, after = _outcomes(stated), _outcomes(again)
    found = [
        f"`{rule}`{f' in {part}' if part else ''}: {before.get((rule, part), 'not judged')}, "
        f"judged again {after.get((rule, part), 'not judged')}"
        for rule, part in dict.fromkeys([*after, *before])
        if before.get((rule, part)) != after.get((rule, part))
    ]
    if stated.result != again.result:
        found.insert(0, f"the whole: {stated.result}, judged again {again.result}")
    if stated.champion != again.champion:
        found.append(f"the champion: {_short(stated.champion)}, judged again {_short(again.champion)}")
    return found


def _policy(verdict: Verdict, text: str) -> Policy:
    content = text.encode(errors="surrogateescape")
    if digest_bytes(content) != verdict.policy:
        raise UnfoundedError("The policy that it holds is not the one of its digest.")
    material = _material(verdict, "policy")
    uri = material.uri if material else INLINE
    if uri == INLINE:
        return inline_policy(text)
    kept = {one.uri: one.text.encode(errors="surrogateescape") for one in verdict.policy_chain}

    def read(location: Location) -> bytes:
        if location.uri not in kept:
            raise UnfoundedError(f"It does not hold the policy {location.uri!r}, which its own extends.")
        return checked(kept[location.uri], location)

    return parse_policy(parse_yaml(content, uri, "policy"), read)


def _evaluation(stored: Stored[Verdict], store: EvidenceStore) -> Stored[Evaluation] | None:
    """The evaluation that a verdict names; None where it names a metrics-file instead."""
    verdict, subject = stored.statement.predicate, stored.statement.sha256
    if _material(verdict, "metrics"):
        return None
    material = _material(verdict, Evaluation.KIND)
    wanted = material.digest.get("sha256") if material else None
    for one in store.find(Evaluation, subject):
        if one.sha256 == wanted:
            return one
    which = f"evaluation {_short(wanted)}" if wanted else "evaluation"
    raise UnfoundedError(f"The {which} that it was judged on is not in the folder {str(store.folder)!r}.")


def _champion(evaluation: Evaluation) -> Champion:
    compared = evaluation.champion_sha256
    return Champion("compared", compared) if compared else Champion("never", None, "there was none to compare with.")


def _on_metrics(verdict: Verdict, subject: Subject, policy: Policy, store: EvidenceStore) -> Case:
    from mlops_actions.policy.metrics.case import CHAMPION_METRICS, METRICS, Files, from_metrics

    files = Files(*([one.uri for one in verdict.materials if one.name == role] for role in (METRICS, CHAMPION_METRICS)))
    champion = Champion("compared", verdict.champion)
    data = verdict.look.data if verdict.look else _data(verdict, store)
    case = from_metrics(store, policy.rules, subject, files, data, champion)
    for stated, read in zip(_read(verdict.materials), _read(case.materials), strict=True):
        if stated.digest != read.digest:
            raise UnfoundedError(f"The metrics-file {stated.uri!r} that it was judged on is not here as it was.")
    return case


def _read(materials: Sequence[Material]) -> list[Material]:
    return [one for one in materials if one.name.endswith("metrics")]


def _data(verdict: Verdict, store: EvidenceStore) -> str | None:
    """Digest of the data whose report the verdict read, where it read one."""
    read = {one.digest.get("sha256") for one in verdict.materials if one.name == DataReport.KIND}
    return next((one.statement.sha256 for one in store.find(DataReport) if one.sha256 in read), None)


def _outcomes(verdict: Verdict) -> dict[tuple[str, str | None], str]:
    return {(one.rule, one.slice): one.result for one in verdict.rules}


def _material(verdict: Verdict, name: str) -> Material | None:
    return next((one for one in verdict.materials if one.name == name), None)


def _short(sha256: str | None) -> str:
    return sha256[:12] if sha256 else "none"
