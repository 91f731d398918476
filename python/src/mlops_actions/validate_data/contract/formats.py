"""Formats of text and of numbers: the standard names them, this page says what they ask of a value."""

from __future__ import annotations

from mlops_actions.validate_data.rules import Form, NotChecked, Rule, Within

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"({_BYTE}\.){{3}}{_BYTE}"
_GROUP = "[0-9A-Fa-f]{1,4}"
_IPV6 = "|".join(
    [
        f"({_GROUP}:){{7}}{_GROUP}",
        f"({_GROUP}:){{6}}{_IPV4}",
        *(f"({_GROUP}:){{1,{left}}}(:{_GROUP}){{1,{7 - left}}}" for left in range(1, 7)),
        *(f"({_GROUP}:){{1,{left}}}(:{_GROUP}){{0,{5 - left}}}:{_IPV4}" for left in range(1, 6)),
        f"({_GROUP}:){{1,7}}:",
        f":(:{_GROUP}){{0,5}}:{_IPV4}",
        f":((:{_GROUP}){{1,7}}|:)",
    ]
)
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

STRING_FORMATS: dict[str, tuple[str, str]] = {
    "byte": ("Base64", "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),
    "email": ("an e-mail address", rf"[^\s@]+@{_LABEL}(\.{_LABEL})*"),
    "hostname": ("a host name", rf"{_LABEL}(\.{_LABEL})*"),
    "ipv4": ("an IPv4 address", _IPV4),
    "ipv6": ("an IPv6 address", _IPV6),
    "uri": ("a URI", r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"),
    "uuid": ("a UUID", "[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
}
"""Word of the standard → what such a text is, and its RE2 pattern from end to end."""
_ANY_TEXT = ("password", "binary")
"""Say how text is handled and nothing about which text it may be."""
INTEGER_FORMATS: dict[str, tuple[int | float | None, int | float | None]] = {
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32)},
    "u64": (0, 2.0**64),  # engines know no longer integers, and as a float the largest one is this
    "i128": (None, None),
    "u128": (0, None),
}
"""Rust's integer types, as the standard has it; None: what is stored as an integer at all fits."""
_LARGEST_F32 = 3.4028234663852886e38
NUMBER_FORMATS: dict[str, tuple[float | None, float | None]] = {
    "f32": (-_LARGEST_F32, _LARGEST_F32),
    "f64": (None, None),
}


def string_format(word: str) -> Rule | None:
    """What a format asks of a text; None where it asks nothing."""
    if word in _ANY_TEXT:
        return None
    if word not in STRING_FORMATS:
        known = ", ".join(sorted([*STRING_FORMATS, *_ANY_TEXT]))
        return NotChecked(f"{word!r} is none of the known formats: {known}")
    what, pattern = STRING_FORMATS[word]
    return Form(what, f"^(?:{pattern})$")


def number_range(word: str, low: float | None, high: float | None) -> Rule | None:
    """What a number of so many bits can be; None where every number that is read can be."""
    return None if low is None and high is None else Within(word, low, high)
