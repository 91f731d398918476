"""What stands after the question mark of a target's location, such as `haproxy:/run/admin.sock?backend=model`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from mlops_actions.errors import InputError, nearest


def split_parameters(location: str, example: str, defaults: Mapping[str, str | None]) -> tuple[str, dict[str, str]]:
    """The place without scheme and parameters, and each parameter; one whose default is None must be given.

    InputError, with the example, for one that is missing, unknown or given twice.

    >>> split_parameters("haproxy:/run/a.sock?backend=model", "haproxy:…", {"backend": None})
    ('/run/a.sock', {'backend': 'model'})
    """
    place, _, query = location.partition(":")[2].partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in given]
    hint = f"Write {example}."
    if not place:
        raise InputError(f"the input 'target' is {location!r}, which names no place.", hint=hint)
    for name in names:
        if name not in defaults:
            raise InputError(
                f"the input 'target' has {name!r}, which is no parameter of {location.partition(':')[0]}.",
                hint=f"{nearest(name, defaults)} {hint}",
            )
        if names.count(name) > 1:
            raise InputError(f"the input 'target' has {name!r} twice.", hint=hint)
    found = {name: value for name, value in defaults.items() if value is not None} | dict(given)
    for name in defaults:
        if not found.get(name):
            raise InputError(f"the input 'target' is {location!r} and does not say its {name!r}.", hint=hint)
    return place, found
