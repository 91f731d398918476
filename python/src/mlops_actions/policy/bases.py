"""Where a policy that another one extends is read: `./floor.yaml`, `https://…@sha256`, `org/repo/floor.yaml@ref`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops_actions.ci.repository_file import LARGEST, SECONDS, read_repository_file
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_REPOSITORY = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)/(?P<path>[\w./-]+)")
_FORMS = "Write ./policy.yaml, https://host/policy.yaml@sha256:… or org/repo/policy.yaml@ref, as in `uses:`."


@dataclass(frozen=True)
class Location:
    """One policy that is extended."""

    kind: Literal["file", "url", "repository"]
    uri: str
    """The path, the URL, or `org/repo/path@ref`."""
    digest: str | None
    """The beginning of the SHA-256 that it must have; None where it is not pinned by one."""
    where: str
    """The place of the line that names it."""


Read = Callable[[Location], bytes]
"""How the text at a location is got. Raises InputError where there is none, OutsideError where it cannot be read."""


def locate(reference: str, at: str, where: str) -> Location:
    """Where a reference leads from the policy `at`.

    Raises InputError for one of no known form, a URL without a digest, or a path out of a policy that is no file.

    >>> locate("./floor.yaml@0123456789ab", "gate/policy.yaml", "policy.yaml:1").uri
    'gate/floor.yaml'
    >>> locate("org/policies/ml/floor.yaml@v1", "policy.yaml", "policy.yaml:1").kind
    'repository'
    """
    location, _, pin = reference.strip().rpartition("@") if "@" in reference else (reference.strip(), "", "")
    digest = _DIGEST.fullmatch(pin)
    if "://" in location or reference.startswith(("https:", "http:")):
        if not location.startswith("https://") or digest is None:
            message = f"{reference!r} is no https address with a digest."
            raise InputError(message, where=where, hint="Append @sha256: and the digest of the policy that is meant.")
        return Location("url", location, digest[1], where)
    if location.startswith(("./", "../", "/")) or not pin:
        if "://" in at or "@" in at:
            raise InputError(f"{at!r} is no file, and extends the path {reference!r}.", where=where, hint=_FORMS)
        if pin and digest is None:
            raise InputError(f"{pin!r} is no SHA-256.", where=where, hint="Write at least 12 digits of it.")
        path = os.path.normpath(Path(at).parent / location)
        return Location("file", path, digest[1] if digest else None, where)
    if not _REPOSITORY.fullmatch(location):
        raise InputError(f"{reference!r} names no policy.", where=where, hint=_FORMS)
    return Location("repository", f"{location}@{pin}", None, where)


def read_base(location: Location) -> bytes:
    """The text of a policy that is extended; see `Read`."""
    return checked({"file": _file, "url": _url, "repository": _repository}[location.kind](location), location)


def checked(content: bytes, location: Location) -> bytes:
    """The text, once it is known to have the digest that was asked for. Raises InputError where it has not."""
    found = digest_bytes(content)
    if location.digest and not found.startswith(location.digest):
        raise InputError(
            f"the policy {location.uri!r} has the SHA-256 {found[:12]}…, not {location.digest[:12]}….",
            where=location.where,
            hint="Look at what changed in it, then write the new digest.",
        )
    return content


def _file(location: Location) -> bytes:
    try:
        return Path(location.uri).read_bytes()
    except FileNotFoundError:
        message = f"the policy {location.uri!r} does not exist."
        raise InputError(message, where=location.where, hint="A path is relative to this policy.") from None
    except OSError as error:
        raise InputError(
            f"the policy {location.uri!r} cannot be read: {error.strerror}.", where=location.where
        ) from None


def _url(location: Location) -> bytes:
    import requests

    try:
        with requests.get(location.uri, timeout=SECONDS, stream=True) as answer:
            answer.raise_for_status()
            content = answer.raw.read(LARGEST + 1, decode_content=True)
    except requests.RequestException as error:
        response = error.response
        why = f"it answered {response.status_code}" if response is not None else type(error).__name__
        raise OutsideError(f"the policy {location.uri!r} cannot be read: {why}.", where=location.where) from None
    if len(content) > LARGEST:
        raise InputError(f"{location.uri!r} is larger than a policy may be (1 MiB).", where=location.where)
    return bytes(content)


def _repository(location: Location) -> bytes:
    name, _, ref = location.uri.rpartition("@")
    match = _REPOSITORY.fullmatch(name)
    assert match is not None
    answer = read_repository_file(match["repository"], match["path"], ref)
    if isinstance(answer, bytes):
        return answer
    why = f"the server answered {answer}" if answer else "no server answers (GITHUB_API_URL says which)"
    raise OutsideError(
        f"the policy {location.uri!r} cannot be read: {why}.",
        where=location.where,
        hint="Check the name and the ref; a private repository needs a GITHUB_TOKEN that may read it.",
    )
