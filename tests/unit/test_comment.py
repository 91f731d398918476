"""A comment made from somebody else's statement: hostile text stays text, and nothing is too large."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlops_actions.comment import COMMENT_CHARACTERS, LARGEST_STATEMENT, comment, read_untrusted
from mlops_actions.errors import InputError
from mlops_actions.evidence import Statement
from mlops_actions.evidence.statement import STATEMENT_TYPE
from mlops_actions.evidence.verdict import RuleOutcome, Verdict

HOSTILE = (
    "](javascript:alert(1)) ![x](https://evil.example/p.png) <img src=x onerror=y> @org/admins #1 www.evil.example "
    "| a | b |\n# heading\n- [x] done `code` ~~gone~~ <!-- hidden"
)


def statement(name: str = "m.joblib", rules: int = 1, text: str = "why") -> Statement[Verdict]:
    one = RuleOutcome(rule=f"a > 1 {text}"[:500], result="fail", slice=None, message=text)
    predicate = Verdict(
        result="fail",
        rules=[one] * rules,
        champion=None,
        policy="p",
        judged_on="intervals",
        decision=f"Refused: {text}",
    )
    return Statement(name, "a" * 64, predicate)


def test_hostile_text_links_to_nothing_mentions_nobody_and_opens_nothing() -> None:
    text = comment([statement(HOSTILE, text=HOSTILE)])
    for harmful in (r"\]\(", "<img", "<!--", "@org", "#1", "`code", "~~gone", r"\[x\]"):
        assert not re.search(rf"(?<!\\){harmful}", text), harmful
    for harmful in ("://", "www.", "\n# heading", "\n- ", "\n\\#"):
        assert harmful not in text
    assert "https:&#8203;//evil.example" in text


def test_a_comment_is_never_larger_than_the_server_takes_and_ends_with_a_whole_line() -> None:
    text = comment([statement(rules=200, text="x" * 400)] * 3)
    assert len(text) <= COMMENT_CHARACTERS
    assert text.endswith("\n\n… cut here: the statement holds the rest.\n")
    assert text.removesuffix("\n\n… cut here: the statement holds the rest.\n").endswith("|")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(statement().to_json())
    assert read_untrusted(path) == statement()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>", "the statement is not JSON"),
        (b"[]", "the JSON is no object"),
        (json.dumps({"_type": STATEMENT_TYPE, "predicateType": "x"}).encode(), "unknown predicateType"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (LARGEST_STATEMENT + 1), "larger than a statement may be"),
    ],
)
def test_what_is_no_statement_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_untrusted(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(statement().to_json())
    (tmp_path / "verdict.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(InputError, match="is no file"):
        read_untrusted(tmp_path / "verdict.json")
