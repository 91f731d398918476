"""Patterns mean the same to RE2 and, as they are handed on, to Java."""

from __future__ import annotations

import duckdb
import pytest

from mlops_actions.validate_data.contract.patterns import portable

PATTERNS = [
    "^a$", "^a.b$", r"\s", r"^\S+$", "^[[:alpha:]]+$", "^[^[:digit:]]+$", r"[\s&&a]", "[&]", "[[]", "[]a]", "[^]a]",
    "[a^]",
    r"[\]x]", "(?P<y>[0-9]{4})-x", r"\Q.$\E", r"^\$\.$", r"\p{Lu}", r"\pN", "(?i)^AB$", "(?s)^a.b$", "(?m)^b$", "a|$",
    r"^(?:a|é🎉)+$", r"\x{1F389}", r"\d{2,}", "^$", "[.$]", r"^[\w.+-]+@\w+\.\w{2,}$",
]  # fmt: skip
TEXTS = [
    "", "a", "a\n", "b", "a\nb",
    "a\rb", "a\u2028b", "\x0b", "\x0c", " ", "\xa0", "ab", "AB", "abc1", "[", "&", "&&", "]", "^",
    "-", "2024-x", ".$", "$.", "É", "é🎉", "🎉", "12", "١٢", "x@y.org", "x@y.org\n", "alpha", ":", "h",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_handed_on_matches_the_same_in_re2(pattern: str) -> None:
    rows = duckdb.connect().execute(
        "SELECT s, regexp_matches(s, $p), regexp_matches(s, $q) FROM (SELECT unnest($t) AS s)",
        {"p": pattern, "q": portable(pattern), "t": TEXTS},
    )
    assert [text for text, one, other in rows.fetchall() if one != other] == []
