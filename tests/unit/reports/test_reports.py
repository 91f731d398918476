"""Statements as people read them: every kind as Markdown and HTML, with hostile text in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evaluations import binary_evaluation
from mlops_actions.evidence import Predicate, Reason, Statement
from mlops_actions.evidence.data_report import CheckResult, Column, DataReport, Drift
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation, Slice
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.markdown import MAX_ROWS
from mlops_actions.statistics.estimate import Estimate

HOSTILE = '<script>alert(1)</script> | `@org/team` "q"'
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(value: float) -> EstimateRecord:
    estimate = Estimate(value, 0.01, 60, 1000, 500.0, 61, "identity", "delta")
    return EstimateRecord.of(estimate, 0.95)


def data_report() -> DataReport:
    check = CheckResult(
        id="1", column=HOSTILE, check="minimum", result="fail", failed=3, total=9, rows=[1, 4], message="too low"
    )
    drift = Drift(
        column="carrier",
        method="psi",
        value=0.3,
        limit=0.1,
        result="fail",
        bins=["AA", HOSTILE],
        shares=[0.4, 0.6],
        reference_shares=[0.7, 0.3],
    )
    columns = [Column(name="carrier", type="string", nulls=0)]
    return DataReport(result="fail", rows=9, columns=columns, checks=[check], drift=[drift])


def evaluation() -> Evaluation:
    one = Slice(column="carrier", value=HOSTILE, n=7, estimates={"roc_auc": record(0.6)})
    return Evaluation(
        result="pass",
        task="binary",
        n=1000,
        target="late",
        features=["carrier"],
        unavailable=["dep_delay"],
        cluster=["day"],
        champion_sha256="ab" * 32,
        estimates={"roc_auc": record(0.68)},
        champion={"roc_auc": record(0.65)},
        differences={"roc_auc": record(0.03)},
        slices=[one],
        isolation="process",
        size_bytes=10,
    )


def verdict() -> Verdict:
    rule = RuleOutcome(
        rule="roc_auc > champion",
        slice=HOSTILE,
        result="inconclusive",
        value=0.0143,
        lower=-0.001,
        upper=None,
        limit=0.0,
        message="61 more days would settle it.",
    )
    return Verdict(
        result="inconclusive", rules=[rule], champion=None, policy="p", judged_on="intervals", decision="Not decided."
    )


def rollout() -> Rollout:
    counts = {"candidate_requests": 50, "candidate_errors": 2, "stable_requests": 950, "stable_errors": 9}
    looks = [
        Look(time=NOON + timedelta(seconds=second), weight=5, counts=counts, worse=-0.2, non_inferior=second / 5)
        for second in range(10)
    ]
    return Rollout(
        result="pass",
        target=HOSTILE,
        strategy="canary",
        outcome="promoted",
        identity="verified",
        steps=[5, 100],
        looks=looks,
        weights=[5, 100],
        alpha=0.05,
        error_margin=0.01,
        dispersion=1.0,
    )


def promotion() -> Promotion:
    return Promotion(
        result="fail",
        reasons=[Reason(code="no-verdict", message=HOSTILE)],
        registry="file:r",
        name="flights",
        version=None,
        alias="champion",
        before="ab" * 32,
        after="ab" * 32,
        entry=None,
        changed=False,
    )


TRAINING = Training(result="pass", command=["python", HOSTILE], exit_code=0, seconds=1.0, metrics={"auc": 0.7})
ALL: list[Predicate] = [data_report(), evaluation(), verdict(), rollout(), promotion(), TRAINING]


class Reader(HTMLParser):
    """Collects elements, and checks that they are closed in order."""

    VOID = frozenset({"meta", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.images: list[str] = []
        """Titles of pictures; those beside their numbers in a table are hidden from a screen reader."""
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        given = dict(attrs)
        if tag == "svg":
            assert given.get("aria-hidden") == "true" or (given.get("role") == "img" and given.get("aria-label"))
        if tag in ("h1", "h2", "h3"):
            self.levels.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-2:] == ["svg", "title"]:
            self.images.append(data)


@pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: predicate.KIND)
def test_html_holds_no_script_and_nothing_from_elsewhere(predicate: Predicate) -> None:
    page = to_html([Statement(HOSTILE, "ab" * 32, predicate)])
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert not {"script", "img", "link", "iframe"} & set(reader.seen)
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", page)
    assert "nan" not in page


@pytest.mark.parametrize("predicate", ALL, ids=lambda predicate: predicate.KIND)
def test_markdown_makes_text_from_data_harmless(predicate: Predicate) -> None:
    section = to_markdown(Statement(HOSTILE, "ab" * 32, predicate))
    assert section.startswith("## ")
    assert not re.search(r"(?<!\\)<(?!/?(details|summary))", section)
    assert not re.search(r"(?<!\\)@org", section)


def test_every_chart_has_a_title_and_an_alternative_in_words() -> None:
    page = to_html([Statement("x", "ab" * 32, predicate) for predicate in ALL])
    reader = Reader()
    reader.feed(page)
    assert len(reader.images) == reader.seen.count("svg")
    assert "roc_auc: 0.03 (0.01329 … 0.04671); limit 0" in reader.images
    assert "AA: data 0.4, reference 0.7" in reader.images
    assert "not worse ends at 1.8; decides at alpha = 0.05 1.301" in page


def test_headings_of_a_report_go_down_one_level_at_a_time() -> None:
    reader = Reader()
    reader.feed(to_html([Statement("x", "ab" * 32, predicate) for predicate in [*ALL, binary_evaluation(4)]]))
    assert reader.levels[0] == 1
    assert set(reader.levels) == {1, 2, 3}
    assert all(later <= earlier + 1 for earlier, later in pairwise(reader.levels))


def test_a_verdict_reads_as_a_table_and_a_sentence_for_what_did_not_pass() -> None:
    of_all = verdict().rules[0].model_copy(update={"slice": None})
    lines = to_markdown(Statement("m", "ab" * 32, verdict().model_copy(update={"rules": [of_all]}))).splitlines()
    assert lines[:3] == ["## Gate: ? inconclusive", "", "Not decided."]
    cells = [cell.strip() for cell in lines[8].strip("|").split(" | ")]
    assert cells == ["? inconclusive", r"roc_auc \> champion", "–", "0.0143", "-0.001 … ∞", "0"]
    assert lines[10] == r"roc_auc \> champion: 61 more days would settle it."


def test_an_evaluation_tells_the_confidence_as_the_gate_does() -> None:
    section = to_markdown(Statement("m", "ab" * 32, evaluation()))
    assert "Each bound holds with 95 % confidence." in section


def test_a_warning_stands_above_the_numbers() -> None:
    warning = Reason(code="rows-dependent", message="Rows of one day err alike.", where="cluster", warning=True)
    section = to_markdown(Statement("m", "ab" * 32, evaluation().model_copy(update={"reasons": [warning]})))
    assert 0 < section.index("Warning: Rows of one day err alike.") < section.index("|")


def test_long_tables_are_cut_with_a_note() -> None:
    rule = verdict().rules[0]
    many = verdict().model_copy(update={"rules": [rule] * (MAX_ROWS + 7)})
    section = to_markdown(Statement("m", "ab" * 32, many))
    assert "… and 7 more rows: see the statement." in section


def test_a_failed_evaluation_says_why_instead_of_showing_numbers() -> None:
    reason = Reason(code="unavailable-column", message="needs 'dep_delay', which is not available at prediction time.")
    failed = evaluation().model_copy(update={"result": "fail", "reasons": [reason], "estimates": {}})
    section = to_markdown(Statement("build/leaky.joblib", "ab" * 32, failed))
    assert "build/leaky.joblib: needs 'dep_delay', which is not available at prediction time." in section
    assert "|" not in section
