"""Passwords that stand in URLs: kept out of logs and documents."""

from __future__ import annotations

import re

_USER_AND_PASSWORD = re.compile(r"(?<=://)(?P<user>[^/@\s:]*)(?::(?P<password>[^/@\s]*))?@")


def without_credentials(text: str) -> str:
    """The text with user and password taken out of every URL.

    >>> without_credentials("mlflow+https://bot:s3cret@models.example/x")
    'mlflow+https://models.example/x'
    """
    return _USER_AND_PASSWORD.sub("", text)


def passwords(text: str) -> list[str]:
    """The passwords, or lone tokens, that stand in URLs.

    >>> passwords("https://bot:s3cret@a.example https://token@b.example")
    ['s3cret', 'token']
    """
    return [match["password"] or match["user"] for match in _USER_AND_PASSWORD.finditer(text)]
