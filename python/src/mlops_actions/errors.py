"""The one family of errors that users see. Each knows the exit code it ends the process with."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


_LISTED = 30


class MlopsError(Exception):
    """Something stopped the action; the message is for the user, so no traceback is shown.

    `where` is a place such as `policy.yaml:12` or an input's source; `hint` says what to write or do instead; `excerpt`
    is the line that is wrong, with a caret on the next one, and is shown below the message.
    """

    exit_code: ClassVar[int] = 5

    def __init__(
        self, message: str, *, where: str | None = None, hint: str | None = None, excerpt: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.excerpt = excerpt

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class InputError(MlopsError):
    """An input, a file that an input names, or their combination is wrong; nothing was changed."""

    exit_code = 2


class OutsideError(MlopsError):
    """The outside world failed: network, registry, proxy, disk. The same run may pass later."""

    exit_code = 4


class CancelledError(MlopsError):
    """The run was asked to stop, by Ctrl-C or by the CI system."""

    exit_code = 130


def nearest(word: str, known: Iterable[str]) -> str:
    """The advice for a word that is not known: the closest known one, or all of them, up to 30.

    >>> nearest("Polcy", ["policy", "rules"])
    "Did you mean 'policy'?"
    >>> nearest("zzz", ["policy", "rules"])
    'Known: policy, rules.'
    """
    names = sorted(set(known))
    in_lower_case = {name.lower(): name for name in names}
    close = get_close_matches(word.lower(), in_lower_case, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {in_lower_case[close[0]]!r}?"
    more = ", …" if len(names) > _LISTED else ""
    return f"Known: {', '.join(names[:_LISTED])}{more}." if names else ""
