"""Who approved a run that waited for the reviewers of an environment."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mlops_actions.ci.credentials import bearer

log = logging.getLogger(__name__)

_SECONDS = 10.0


def read_approvers(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Logins of those who approved this run, from GitHub's list of its approvals; in the order they did.

    It takes a token that may read actions. Without one, or where the server does not answer, nobody is known: who
    approved is worth noting, and never a reason to stop.
    """
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_TOKEN")
    api, repository, run, token = (environ.get(name) for name in names)
    if not (api and repository and run and token):
        return ()
    import requests

    try:
        answer = requests.get(
            f"{api}/repos/{repository}/actions/runs/{run}/approvals",
            headers={"Accept": "application/vnd.github+json"},
            auth=bearer(token),
            timeout=_SECONDS,
            allow_redirects=False,
        )
        answer.raise_for_status()
        approved = [one["user"]["login"] for one in answer.json() if one["state"] == "approved"]
    except requests.HTTPError as error:
        advice = ": give the job `permissions: actions: read`" if error.response.status_code in (403, 404) else ""
        log.info("Who approved this run is not known: GitHub answered %d%s.", error.response.status_code, advice)
        return ()
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        log.info("Who approved this run is not known: %s.", type(error).__name__)
        return ()
    return tuple(dict.fromkeys(map(str, approved)))
