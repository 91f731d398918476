"""How a metric of the user's own is written: `my_metrics:profit`, or `my_metrics:profit(amount)` with a column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlops_actions.errors import InputError
from mlops_actions.policy.language.parse import parse_rule
from mlops_actions.policy.language.rule import Comparison, Overall, Shown
from mlops_actions.statistics.metrics import METRICS

_WORD = r"[^\W\d]\w*"
_PATH = re.compile(rf"(?P<module>{_WORD}(?:\.{_WORD})*):(?P<function>{_WORD})(?:\((?P<columns>[^()]*)\))?")


@dataclass(frozen=True)
class OwnMetric:
    """A function by its import path, and the columns that it takes besides truth and predictions."""

    module: str
    function: str
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What statements and rules call it."""
        return self.function

    @property
    def path(self) -> str:
        """What is imported."""
        return f"{self.module}:{self.function}"

    def __str__(self) -> str:
        return self.path + (f"({', '.join(self.columns)})" if self.columns else "")


def is_own(text: str) -> bool:
    """Whether an entry of `metrics` is an import path; a class in quotes may hold a colon too.

    >>> is_own("my_metrics:profit"), is_own('recall("a:b")'), is_own("recall")
    (True, False, False)
    """
    return ":" in re.split(r"[\"'(]", text, maxsplit=1)[0]


def own_metrics(texts: Iterable[str]) -> tuple[OwnMetric, ...]:
    """The metrics among these that are import paths, each once.

    Raises InputError for a path that is none, and for two functions, or one and a metric of ours, of the same name.
    """
    found = list(dict.fromkeys(_read(text) for text in texts if is_own(text)))
    _refuse_same_names(found)
    return tuple(found)


def _read(text: str) -> OwnMetric:
    match = _PATH.fullmatch(text.strip())
    columns = [word.strip() for word in (match["columns"] or "").split(",")] if match else []
    if match is None or not all(word.isidentifier() for word in columns if word):
        raise InputError(
            f"{text!r} is no import path.",
            where="metrics",
            hint="Write `my_metrics:profit`, or `my_metrics:profit(amount)` for a function that takes a column.",
        )
    found = OwnMetric(match["module"], match["function"], tuple(word for word in columns if word))
    if found.name in METRICS or not can_be_asked_for(found.name):
        raise InputError(
            f"{text!r}: {found.name!r} means something else in rules.",
            where="metrics",
            hint=f"Call the function otherwise, such as `own_{found.name}`.",
        )
    return found


def can_be_asked_for(name: str) -> bool:
    """Whether a rule that names it means a metric by that name, rather than the champion, a size or a gap."""
    try:
        return parse_rule(f"{name} >= 0", "metrics") == Shown((Comparison(Overall(name), 0.0, ">=", 0.0),))
    except InputError:
        return False


def _refuse_same_names(metrics: Sequence[OwnMetric]) -> None:
    seen: dict[str, OwnMetric] = {}
    for one in metrics:
        other = seen.setdefault(one.name, one)
        if other != one:
            raise InputError(
                f"`{other}` and `{one}` would have the same name {one.name!r}.",
                where="metrics",
                hint="Call one of the functions otherwise.",
            )
