"""A file as the repository's default branch has it, whatever this checkout has made of it.

The server is asked before the checkout: what runs in a pull request can move the checkout's references.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mlops_actions.ci.detect import current
from mlops_actions.ci.git import git
from mlops_actions.ci.repository_file import read_repository_file
from mlops_actions.errors import InputError, OutsideError

_NOT_FOUND = 404
_kept: ContextVar[dict[tuple[str, str], bytes] | None] = ContextVar("kept", default=None)
_REMEDY = (
    "Give the job `permissions: contents: read` and GITHUB_TOKEN, or check out with `fetch-depth: 0`; or allow the "
    "checkout's own with `policy-from: checkout`."
)


def usual_origin() -> str:
    """Where a policy is read unless something else is asked for: on pull requests the default branch."""
    return "default-branch" if current().context().pull_request else "checkout"


def read_from_default_branch(path: str, environ: Mapping[str, str] = os.environ) -> tuple[str, bytes]:
    """The default branch's name, and a file of the working directory as that branch has it.

    Raises InputError where the branch is not known or lacks the file, OutsideError where it cannot be read.
    """
    branch = current().context().default_branch
    if branch is None:
        raise InputError(
            "the default branch is not known, and policy-from is default-branch.",
            where="policy-from",
            hint="Write `policy-from: checkout` outside GitHub and GitLab.",
        )
    inside, kept = _inside(path), _kept.get()
    content = None if kept is None else kept.get((branch, inside))
    if content is None:
        content = _from_server(inside, branch, environ)
    if content is None:
        content = git("show", f"refs/remotes/origin/{branch}:{inside}")
    if content is None:
        raise OutsideError(f"{path!r} cannot be read from the branch {branch!r}.", hint=_REMEDY)
    if kept is not None:
        kept[branch, inside] = content
    return branch, content


@contextmanager
def read_once() -> Iterator[None]:
    """Within it no file is read twice: whoever asks later gets the same content, whatever was merged meanwhile."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def _inside(path: str) -> str:
    """The path from the repository's root."""
    prefix = git("rev-parse", "--show-prefix")
    inside = os.path.normpath(Path(prefix.decode().strip()) / path) if prefix is not None else ".."
    if inside.startswith(("..", "/")):
        raise InputError(
            f"{path!r} is not inside a checkout, and policy-from is default-branch.",
            where="policy-from",
            hint="Write `policy-from: checkout`.",
        )
    return inside


def _from_server(inside: str, branch: str, environ: Mapping[str, str]) -> bytes | None:
    """By the API that the runner names; None where it cannot tell. InputError where the branch has no such file."""
    repository = environ.get("GITHUB_REPOSITORY")
    answer = read_repository_file(repository, inside, branch, environ) if repository else None
    if answer == _NOT_FOUND and environ.get("GITHUB_TOKEN"):
        raise InputError(
            f"the branch {branch!r} has no file {inside!r}.",
            where="policy-from",
            hint="Merge the policy first, or write `policy-from: checkout`.",
        )
    return answer if isinstance(answer, bytes) else None
