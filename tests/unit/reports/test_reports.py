"""Statements as people read them: every kind as Markdown and HTML, with hostile text in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evaluations import binary_evaluation
from mlops_actions.evidence import Predicate, Provenance, Reason, Statement
from mlops_actions.evidence.verdict import RuleOutcome, TestSetLook
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.markdown import MAX_ROWS
from statements import ALL, HOSTILE, data_report, evaluation, verdict


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
        # What was escaped once too often shows as a quote where none belongs.
        assert not any('"' in name or (value or "").startswith('"') for name, value in attrs)
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
    assert cells == ["? inconclusive", r"roc_auc \> champion", "0.73", "0.7443", "+0.0143 (-0.001 … ∞)", "0"]
    assert lines[10] == r"roc_auc \> champion: 61 more days would settle it."


def test_a_rule_that_compares_with_a_number_has_no_difference() -> None:
    rule = RuleOutcome(rule="f1 > 0.5", result="pass", value=0.7, lower=0.6, upper=0.8, limit=0.5, message="It is.")
    section = to_markdown(Statement("m", "ab" * 32, verdict().model_copy(update={"rules": [rule]})))
    assert r"| ✓ pass | f1 \> 0.5 | – | 0.7 (0.6 … 0.8) | – | 0.5 |" in re.sub(" +", " ", section)


def test_what_can_be_done_about_an_open_verdict_stands_below_the_rules() -> None:
    section = to_markdown(Statement("m", "ab" * 32, verdict().model_copy(update={"choices": ["Wait a day."]})))
    assert "\nYou can: Wait a day." in section


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ({"candidates": 1}, "This test set has judged 1 candidate, this one included."),
        (
            {"candidates": 7, "budget": 100},
            "This test set has judged 7 candidates, this one included, of 100 that the policy allows.",
        ),
        (
            {"candidates": 7, "counted": False},
            "This test set has judged 7 candidates, this one included. "
            "The look was not counted: the registry could not be written.",
        ),
    ],
)
def test_a_verdict_tells_how_worn_its_test_set_is(look: dict[str, object], told: str) -> None:
    counted = TestSetLook.model_validate({"data": "cd" * 32, "look": 1, "counted": True, **look})
    assert told in to_markdown(Statement("m", "ab" * 32, verdict().model_copy(update={"look": counted})))


def test_a_warning_that_no_rule_tells_stands_above_the_rules() -> None:
    rule = verdict().rules[0].model_copy(update={"slice": None, "where": "rules:1"})
    reasons = [
        Reason(code="unpaired", message="Judged as two samples.", warning=True),
        Reason(code="harm-shown", message="warning only, it fell.", where="rules:1", warning=True),
    ]
    told = to_markdown(Statement("m", "ab" * 32, verdict().model_copy(update={"rules": [rule], "reasons": reasons})))
    assert 0 < told.index("Warning: Judged as two samples.") < told.index("| ?")
    assert "warning only" not in told


def test_slices_that_did_not_pass_come_first_and_the_many_that_did_stay_small() -> None:
    one = verdict().rules[0].model_copy(update={"result": "pass", "limit": 0.0, "upper": 0.03})
    rules = [one.model_copy(update={"slice": f'carrier == "{i}"'}) for i in range(200)]
    rules[150] = rules[150].model_copy(update={"result": "fail"})
    many = Statement("m", "ab" * 32, verdict().model_copy(update={"rules": rules}))
    section = to_markdown(many).partition("By slice: roc")[2]
    drawn, _, further = section.partition("Further slices: roc")
    rows = [line for line in drawn.splitlines() if line.startswith("| carrier")]
    assert rows[0].startswith('| carrier == "150" | ✗ fail')
    assert len(rows) == 60
    assert further.count("| carrier") == 140
    assert len(to_html([many]).encode()) < 100_000


def test_an_evaluation_tells_the_confidence_as_the_gate_does() -> None:
    section = to_markdown(Statement("m", "ab" * 32, evaluation()))
    assert "Each bound holds with 95 % confidence." in section


def test_a_warning_stands_above_the_numbers() -> None:
    warning = Reason(code="rows-dependent", message="Rows of one day err alike.", where="cluster", warning=True)
    section = to_markdown(Statement("m", "ab" * 32, evaluation().model_copy(update={"reasons": [warning]})))
    assert 0 < section.index("Warning: Rows of one day err alike.") < section.index("|")


def test_every_drifted_column_is_drawn_as_far_as_a_page_holds_them() -> None:
    one = data_report().drift[0]
    many = [one.model_copy(update={"column": f"c{place}"}) for place in range(14)]
    missing = one.model_copy(update={"column": "c0", "of": "missing"})
    few = to_html([Statement("x", "ab" * 32, data_report().model_copy(update={"drift": [many[0], missing]}))])
    assert ("drawn." in few, few.count("<caption>c0")) == (False, 2)
    assert "<caption>c0 (missing): psi 0.3, limit 0.1</caption>" in few
    page = to_html([Statement("x", "ab" * 32, data_report().model_copy(update={"drift": many}))])
    assert page.count(": psi 0.3, limit 0.1</caption>") == 12
    assert "<p>The first 12 of 14 drifted columns are drawn.</p>" in page


def test_long_tables_are_cut_with_a_note() -> None:
    rule = verdict().rules[0].model_copy(update={"slice": None})
    many = verdict().model_copy(update={"rules": [rule] * (MAX_ROWS + 7)})
    section = to_markdown(Statement("m", "ab" * 32, many))
    assert "… and 7 more rows: see the statement." in section


def test_a_failed_evaluation_says_why_instead_of_showing_numbers() -> None:
    reason = Reason(code="unavailable-column", message="needs 'dep_delay', which is not available at prediction time.")
    failed = evaluation().model_copy(update={"result": "fail", "reasons": [reason], "estimates": {}})
    section = to_markdown(Statement("build/leaky.joblib", "ab" * 32, failed))
    assert "build/leaky.joblib: needs 'dep_delay', which is not available at prediction time." in section
    assert "|" not in section


def test_a_page_ends_with_what_it_is_about_and_when_of_which_commit_and_who() -> None:
    made = Provenance(
        tool="1.0.0", commit="c0ffee" * 6 + "c0ff", actor="ada", started=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        finished=datetime(2026, 1, 2, 4, 4, tzinfo=timezone(timedelta(hours=1))),
    )  # fmt: skip
    statement = Statement("build/model.joblib", "ab" * 32, verdict().model_copy(update={"provenance": made}))
    about = "About build/model.joblib, SHA-256 abababababab, 2026-01-02 03:04 UTC, commit c0ffeec0ffee, ada."
    assert to_markdown(statement).endswith(f"\n\n{about}\n")
    assert f"<p>{about}</p>" in to_html([statement])


def test_a_page_of_a_statement_that_nobody_stored_tells_what_it_is_about() -> None:
    assert to_markdown(Statement("m", "ab" * 32, verdict())).endswith("\n\nAbout m, SHA-256 abababababab.\n")
