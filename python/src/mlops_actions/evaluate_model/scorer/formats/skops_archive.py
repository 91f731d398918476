"""Files of skops: what is in them is made only of types that are known, or that the user trusts."""

from __future__ import annotations

from typing import Any

from protocol import ProblemError

MOST_TYPES = 20


def load(request: dict[str, Any]) -> Any:
    """The model in the file. Raises ProblemError, before anything is made, for types that nobody trusts."""
    import skops.io

    # The list comes with the request: one that came with the file would trust whatever is in it.
    trusted = list(request["trusted"])
    strange = sorted(set(skops.io.get_untrusted_types(file=request["model"])) - set(trusted))
    if strange:
        raise ProblemError("types-untrusted", "", types=strange[:MOST_TYPES], count=len(strange))
    return skops.io.load(request["model"], trusted=trusted)
