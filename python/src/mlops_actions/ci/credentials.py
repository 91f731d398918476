"""Secrets: those in URLs are kept out of logs and documents, others come from the environment only."""

from __future__ import annotations

import os
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


def secret(variable: str) -> str | None:
    """The secret that an environment variable holds; None where it is not set or empty."""
    return os.environ.get(variable) or None
