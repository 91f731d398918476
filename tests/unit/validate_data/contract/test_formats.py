"""Known forms of text, against Python's own readers of them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import uuid
from collections.abc import Callable

import duckdb
import numpy as np
import pytest

from mlops_actions.validate_data.contract.formats import STRING_FORMATS, string_format
from mlops_actions.validate_data.rules import Form, NotChecked


def matching(word: str, texts: list[str]) -> list[bool]:
    form = string_format(word)
    assert isinstance(form, Form)
    query = "SELECT regexp_matches(text, $pattern) FROM (SELECT unnest($texts::VARCHAR[]) AS text)"
    found = duckdb.connect().execute(query, {"pattern": form.pattern, "texts": texts}).fetchall()
    return [row[0] for row in found]


def reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return holds


READERS: dict[str, Callable[[str], bool]] = {
    "ipv4": reads(ipaddress.IPv4Address),
    "ipv6": reads(ipaddress.IPv6Address),
    # Python takes a lone = after whole groups
    "byte": lambda text: len(text) % 4 == 0 and reads(lambda one: base64.b64decode(one, validate=True))(text),
}


def damaged(texts: list[str], letters: str, random: np.random.Generator) -> list[str]:
    """Each text with one letter put in, taken out or replaced."""
    found = []
    for text in texts:
        place, kind = int(random.integers(len(text) + 1)), int(random.integers(3))
        letter = letters[int(random.integers(len(letters)))]
        found.append(text[:place] + (letter if kind else "") + text[place + (kind != 1) :])
    return found


def good(word: str, random: np.random.Generator) -> list[str]:
    numbers = [int.from_bytes(random.bytes(16)) for _ in range(300)]
    holes = [number & (2**128 - 1 << 16 * int(random.integers(8))) for number in numbers]
    match word:
        case "ipv4":
            return [str(ipaddress.IPv4Address(number % 2**32)) for number in numbers]
        case "ipv6":
            full = [str(ipaddress.IPv6Address(number)) for number in [*numbers, *holes, *range(20)]]
            return [*full, *(ipaddress.IPv6Address(number).exploded for number in numbers), "::", "::ffff:1.2.3.4"]
        case _:
            return [base64.b64encode(random.bytes(1 + int(number % 9))).decode() for number in numbers]


@pytest.mark.parametrize("word", READERS)
def test_a_form_is_what_python_reads_as_it(word: str) -> None:
    random = np.random.default_rng(1)
    texts = good(word, random)
    texts += damaged(texts, "0aF:./+=g", random) + damaged(texts, ":", random)
    expected = [READERS[word](text) for text in texts]
    assert sum(expected) > 300
    assert not all(expected)
    wrong = [text for text, is_, asked in zip(texts, matching(word, texts), expected, strict=True) if is_ != asked]
    assert wrong == []


@pytest.mark.parametrize(
    ("word", "yes", "no"),
    [
        ("uuid", [str(uuid.uuid4()), str(uuid.uuid4()).upper()], [uuid.uuid4().hex, f"{uuid.uuid4()} ", "x"]),
        ("email", ["a.b+c@d.example", "é@host"], ["a@", "@b", "a b@c.d", "a@b@c", "a@-b.c", "a@b..c"]),
        ("hostname", ["a", "a-b.example", "x1.y2"], ["-a", "a-", "a..b", "a_b", "", "a" * 64]),
        (
            "uri",
            ["https://a.example/b?c=d#e", "urn:isbn:1", "mailto:a@b"],
            ["/a/b", "a b:c", "1a:b", "http://a b", ":a"],
        ),
    ],
)
def test_a_form_has_its_like_and_no_other(word: str, yes: list[str], no: list[str]) -> None:
    assert matching(word, [*yes, *no]) == [True] * len(yes) + [False] * len(no)


def test_every_form_is_tested_here() -> None:
    assert set(STRING_FORMATS) == {*READERS, "uuid", "email", "hostname", "uri"}


def test_what_is_only_how_text_is_handled_asks_nothing() -> None:
    assert (string_format("password"), string_format("binary")) == (None, None)
    assert isinstance(string_format("isbn"), NotChecked)
