"""Secrets: those in URLs are kept out of logs and documents, others come from the environment only."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError

if TYPE_CHECKING:
    import requests

_USER_AND_PASSWORD = re.compile(r"(?<=://)(?P<user>[^/@\s:]*)(?::(?P<password>[^/@\s]*))?@")


def without_credentials(text: str) -> str:
    """The text with user and password taken out of every URL.

    >>> without_credentials("mlflow+https://bot:s3cret@models.example/x")
    'mlflow+https://models.example/x'
    """
    return _USER_AND_PASSWORD.sub("", text)


def refuse_credentials(location: str, called: str, hint: str) -> None:
    """InputError where a location holds a user or password: it is shown in messages. `called` may hold it too."""
    if without_credentials(location) != location:
        raise InputError(without_credentials(f"{called} holds a user or password."), hint=hint)


def passwords(text: str) -> list[str]:
    """The passwords, or lone tokens, that stand in URLs.

    >>> passwords("https://bot:s3cret@a.example https://token@b.example")
    ['s3cret', 'token']
    """
    return [match["password"] or match["user"] for match in _USER_AND_PASSWORD.finditer(text)]


def secret(variable: str) -> str | None:
    """The secret that an environment variable holds; None where it is not set or empty."""
    return os.environ.get(variable) or None


def server(variable: str, usual: str, hint: str) -> str:
    """The URL of a server that an environment variable may name; InputError where it holds a user or password."""
    url = secret(variable) or usual
    refuse_credentials(url, f"the variable {variable} ({url!r})", hint)
    return url.rstrip("/")


def bearer(token: str | None) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """The `auth` of a request that shows a token, where there is one.

    As a header alone it would give way to what ~/.netrc says about the host.
    """

    def show(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return show
