"""Statements as JUnit XML, read back by another parser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

from mlops_actions.evidence import Provenance, Reason, Statement
from mlops_actions.evidence.data_report import CheckResult, DataReport, Drift
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports import to_junit

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WHO = Provenance(tool="0", started=BEGIN, finished=BEGIN + timedelta(seconds=1.5))


def rule(text: str, result: str, **more: object) -> RuleOutcome:
    return RuleOutcome.model_validate({"rule": text, "result": result, "message": f"{text} was judged", **more})


def verdict(*rules: RuleOutcome, result: str = "inconclusive") -> Statement[Verdict]:
    predicate = Verdict.model_validate(
        {
            "result": result,
            "reasons": [Reason(code="x", message="More rows are needed.")],
            "rules": list(rules),
            "champion": None,
            "policy": "p",
            "judged_on": "intervals",
            "decision": "Not decided.",
            "provenance": WHO,
        }
    )
    return Statement("m.joblib", "a" * 64, predicate)


def suite(statement: Statement[Verdict]) -> Element:
    (found,) = fromstring(to_junit([statement]))
    return found


def outcomes(found: Element) -> dict[str, str]:
    """Case → pass, or the tag and the type of what stands in it."""
    told = {}
    for case in found:
        told[case.attrib["name"]] = (
            " ".join(f"{one.tag} {one.attrib.get('type', '')}".strip() for one in case) or "pass"
        )
    return told


def test_each_rule_is_a_case_and_nothing_but_a_pass_passes() -> None:
    found = suite(
        verdict(
            rule("a > 1", "pass"),
            rule("b > 1", "fail"),
            rule("c > 1", "inconclusive"),
            rule("d > champion", "not-applicable"),
            rule("e > 1", "fail", severity="warn"),
            rule("b > 1", "fail", slice='carrier == "AA"'),
        )
    )
    assert outcomes(found) == {
        "a > 1": "pass",
        "b > 1": "failure fail",
        "c > 1": "failure inconclusive",
        "d > champion": "skipped",
        "e > 1": "skipped",
        'b > 1 [carrier == "AA"]': "failure fail",
        "result": "failure inconclusive",
    }
    counts = {key: found.attrib[key] for key in ("name", "tests", "failures", "errors", "skipped", "time")}
    assert counts == {
        "name": "verdict: m.joblib",
        "tests": "7",
        "failures": "4",
        "errors": "0",
        "skipped": "2",
        "time": "1.500",
    }


def test_a_case_has_its_place_and_its_message() -> None:
    case = suite(verdict(rule("a > 1", "fail", where="policy.yaml:3")))[0]
    assert (case.attrib["file"], case.attrib["line"], case.attrib["classname"]) == ("policy.yaml", "3", "verdict")
    assert case[0].attrib["message"] == "a > 1 was judged"
    assert case[0].text == "fail: a > 1 was judged"


def test_what_came_from_data_breaks_no_document() -> None:
    hostile = 'x"]]><script>\x00\x1b\ud800&amp;'
    case = suite(verdict(rule("a > 1", "fail", slice=hostile)))[0]
    assert case.attrib["name"] == 'a > 1 [x"]]><script>\ufffd\ufffd\ufffd&amp;]'


def test_checks_and_drift_are_cases() -> None:
    checks = [
        CheckResult(column="age", check="minimum", id="1", result="fail", failed=3, total=9, message="3 are below 0."),
        CheckResult(column=None, check="sql", id="2", result="not-checked", failed=0, total=0, message="No SQL."),
    ]
    drift = [Drift(column="age", method="psi", value=0.3, limit=0.1, result="fail", severity="warning")]
    report = DataReport(result="fail", rows=9, columns=[], checks=checks, drift=drift)
    (found,) = fromstring(to_junit([Statement("d.csv", "b" * 64, report)]))
    assert outcomes(found) == {
        "age: minimum": "failure fail",
        "sql": "skipped",
        "age: drift": "skipped",
        "result": "failure fail",
    }


def test_other_statements_are_one_case_each() -> None:
    training = Training(result="pass", command=["x"], exit_code=0, seconds=1)
    suites = fromstring(to_junit([Statement("m", "a" * 64, training), verdict(rule("a > 1", "pass"), result="pass")]))
    assert [outcomes(one) for one in suites] == [{"result": "pass"}, {"a > 1": "pass", "result": "pass"}]
