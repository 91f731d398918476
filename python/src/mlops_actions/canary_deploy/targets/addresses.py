"""Where a server listens."""

from __future__ import annotations

import re

from mlops_actions.errors import InputError

Address = tuple[str, int]


def split_address(address: str) -> Address:
    """host:port as a pair. InputError for anything else.

    >>> split_address("127.0.0.1:8000"), split_address("[::1]:80")
    (('127.0.0.1', 8000), ('::1', 80))
    """
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", address)
    if not match or not 0 < int(match[2]) < 65536:
        raise InputError(f"{address!r} is no address.", hint="Write host:port, such as 127.0.0.1:8000.")
    return match[1].strip("[]"), int(match[2])
