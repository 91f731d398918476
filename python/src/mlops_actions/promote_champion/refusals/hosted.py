"""An alias of a hosted registry that somebody moved by hand."""

from __future__ import annotations

from mlops_actions.evidence import Reason
from mlops_actions.registries import Head


def moved_by_hand(head: Head, alias: str) -> list[Reason]:
    """The alias to move names something else in the hosted registry than the log says.

    One that was removed there, or whose version was, counts as gone and may be set again.
    """
    now = head.strays.get(alias)
    if now is None:
        return []
    logged = head.aliases.get(alias)
    message = (
        f"Somebody moved the alias {alias!r} of {head.name!r} by hand: the hosted registry says version {now}, the "
        f"log says {logged or 'nothing'} (or a promotion was killed while another one ran)."
    )
    return [Reason(code="alias-moved-by-hand", message=message)]
