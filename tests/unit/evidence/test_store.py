"""Statements: written whole, found by subject, refused when edited."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import EvidenceStore, Material, Provenance, Reason, Result, Statement
from mlops_actions.evidence.statement import KINDS, parse_statement, predicate_class
from mlops_actions.evidence.store import read_statement
from mlops_actions.evidence.verdict import RuleOutcome, Verdict, overall

SUBJECT = "ab" * 32
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def verdict(result: Result = "pass", finished: datetime = NOON, subject: str = SUBJECT) -> Statement[Verdict]:
    return Statement(
        name="model.joblib",
        sha256=subject,
        predicate=Verdict(
            result=result,
            reasons=[Reason(code="shown", message="Shown.", where="policy.yaml:3")],
            materials=[Material(name="policy", uri="policy.yaml", digest={"sha256": "cd" * 32})],
            provenance=Provenance(tool="0", started=finished, finished=finished),
            rules=[RuleOutcome(rule="accuracy > 0.8", result="pass", value=0.9, message="0.9 is above 0.8.")],
            champion=None,
            policy="cd" * 32,
            judged_on="intervals",
            decision="Passed.",
        ),
    )


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).write(verdict())
    assert read_statement(path).statement == verdict()


def test_the_file_name_carries_kind_subject_and_own_digest(tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).write(verdict())
    kind, subject, own = path.stem.split("-")
    assert (kind, subject, len(own)) == ("verdict", SUBJECT[:12], 12)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_statement_is_an_in_toto_statement() -> None:
    document = json.loads(verdict().to_json())
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["subject"] == [{"name": "model.joblib", "digest": {"sha256": SUBJECT}}]
    assert document["predicateType"].endswith("/verdict/v1")


def test_an_edited_statement_is_refused(tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).write(verdict("fail"))
    path.write_text(path.read_text().replace('"fail"', '"pass"'))
    with pytest.raises(
        InputError, match="was edited or truncated: its name says .* Run the action that writes it again"
    ):
        EvidenceStore(tmp_path).find(Verdict)


def test_a_truncated_statement_is_refused(tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).write(verdict())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="was edited or truncated"):
        EvidenceStore(tmp_path).latest(Verdict, SUBJECT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "e.json: the statement is not JSON .*; it may be truncated"),
        (b"\xff", "e.json: the statement is not JSON"),
        (b"[]", "e.json: not a statement"),
        (b"{}", "e.json: not an in-toto Statement: _type is None"),
        (b'{"_type": "https://in-toto.io/Statement/v1", "predicateType": "x"}', "e.json: unknown predicateType 'x'"),
    ],
)
def test_what_is_no_statement_is_named(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_statement(content, "e.json")


def test_a_statement_of_a_later_version_asks_for_a_later_release() -> None:
    later = verdict().to_json().replace(b"/verdict/v1", b"/verdict/v2")
    with pytest.raises(
        InputError, match="the verdict statement is of version 'v2'; this release reads v1. Use a release"
    ):
        parse_statement(later, "e.json")


def test_a_predicate_of_a_wrong_shape_names_the_field() -> None:
    wrong = verdict().to_json().replace(b'"result": "pass"', b'"result": "passed"', 1)
    with pytest.raises(InputError, match=r"the statement's predicate.result is wrong: Input should be 'pass'"):
        parse_statement(wrong, "e.json")


def test_fields_of_a_later_minor_version_are_ignored() -> None:
    document = json.loads(verdict().to_json())
    document["predicate"]["later"] = 1
    assert parse_statement(json.dumps(document).encode(), "e.json") == verdict()


def test_nan_cannot_be_stored() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        RuleOutcome(rule="accuracy > 0.8", result="pass", value=float("nan"), message="")


def test_only_statements_about_the_subject_are_found(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    store.write(verdict())
    near = SUBJECT[:12] + "0" * 52
    store.write(verdict(subject=near))
    assert [one.statement.sha256 for one in store.find(Verdict, near)] == [near]
    assert len(store.find(Verdict)) == 2


def test_the_newest_counts_and_of_equally_new_ones_the_worst(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    store.write(verdict("fail", NOON - timedelta(hours=1)))
    store.write(verdict("pass", NOON))
    store.write(verdict("inconclusive", NOON))
    latest = store.latest(Verdict, SUBJECT)
    assert latest is not None
    assert latest.statement.predicate.result == "inconclusive"


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "verdict-notes.json").write_text("{")
    assert EvidenceStore(tmp_path).find(Verdict) == []


def test_a_folder_that_cannot_be_written_is_an_outside_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutsideError, match=r"cannot be written: (Not a directory|File exists)"):
        EvidenceStore(tmp_path / "file").write(verdict())


def test_every_kind_names_itself() -> None:
    assert [predicate_class(kind).KIND for kind in KINDS] == list(KINDS)


def test_the_worst_result_is_the_overall_one() -> None:
    assert overall(["pass", "fail", "inconclusive"]) == "fail"
    assert overall(["pass", "pass"]) == "pass"
