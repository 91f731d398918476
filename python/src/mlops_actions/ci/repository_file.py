"""A file of a repository on the server that the runner names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import quote

from mlops_actions.ci.credentials import bearer

SECONDS = 20.0
LARGEST = 1 << 20


def read_repository_file(
    repository: str, path: str, ref: str, environ: Mapping[str, str] = os.environ
) -> bytes | int | None:
    """The file at a branch, tag or commit; the status where the server refuses; None where nobody can be asked.

    Only GITHUB_API_URL says where; GITHUB_TOKEN is sent where there is one.
    """
    api, token = environ.get("GITHUB_API_URL"), environ.get("GITHUB_TOKEN")
    if not api:
        return None
    import requests

    try:
        answer = requests.get(
            f"{api}/repos/{quote(repository)}/contents/{quote(path)}",
            params={"ref": ref},
            headers={"Accept": "application/vnd.github.raw+json"},
            auth=bearer(token),
            timeout=SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    if answer.status_code != requests.codes.ok:
        return answer.status_code
    return answer.content if len(answer.content) <= LARGEST else requests.codes.request_entity_too_large
