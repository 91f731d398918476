"""Which CI system are we in?"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from mlops_actions.ci.interface import CI


def current() -> CI:
    """The CI system that this process runs in."""
    return detect(os.environ, sys.stdout, sys.stderr)


def detect(environ: Mapping[str, str], stdout: TextIO, stderr: TextIO, *, as_json: bool = False) -> CI:
    """The adapter for the system whose variables are set; a terminal where there are none.

    `as_json` asks for the terminal's JSON whatever the system.
    """
    if environ.get("GITHUB_ACTIONS") == "true" and not as_json:
        from mlops_actions.ci.github import GitHub

        return GitHub(environ, stdout)
    if environ.get("GITLAB_CI") == "true" and not as_json:
        from mlops_actions.ci.gitlab import GitLab

        return GitLab(environ, stdout, stderr)
    from mlops_actions.ci.terminal import Terminal

    return Terminal(environ, stdout, stderr, as_json=as_json)
