"""GitLab CI: outputs as dotenv, findings as a Code Quality report, both named in the job's `artifacts: reports:`.

    artifacts:
      when: always
      reports: {dotenv: mlops-actions.env, codequality: mlops-actions-codequality.json, junit: junit.xml}

GitLab takes at most 5 KiB of dotenv, of single lines, so that long outputs stay in the statement.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlops_actions.ci.interface import Annotation, Context, Level
from mlops_actions.ci.streams import show
from mlops_actions.ci.terminal import Terminal
from mlops_actions.errors import OutsideError

DOTENV, CODE_QUALITY = "mlops-actions.env", "mlops-actions-codequality.json"
_LONGEST_VALUE = 500
_SEVERITY: Mapping[Level, str] = {"error": "major", "warning": "minor", "notice": "info"}


class GitLab(Terminal):
    """A job of GitLab: a terminal for people, and two files for the server in the project's folder."""

    name = "gitlab"

    def __init__(self, environ: Mapping[str, str], stdout: TextIO, stderr: TextIO) -> None:
        super().__init__({**environ, "FORCE_COLOR": "1"}, stdout, stderr)
        self._environ = environ
        self._log = stderr
        project = Path(environ.get("CI_PROJECT_DIR", "."))
        # A job begins there; what imitates GitLab on a desk does not always make that folder.
        self._folder = project if project.is_dir() else Path.cwd()

    def context(self) -> Context:
        """From GitLab's predefined variables."""
        get = self._environ.get
        project, source = get("CI_PROJECT_PATH"), get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
        merge_request = get("CI_PIPELINE_SOURCE") == "merge_request_event"
        return Context(
            repository=project,
            commit=get("CI_COMMIT_SHA"),
            run_url=get("CI_JOB_URL"),
            actor=get("GITLAB_USER_LOGIN"),
            event=get("CI_PIPELINE_SOURCE"),
            # Not set in pipelines of tags and merge requests.
            branch=get("CI_COMMIT_BRANCH"),
            fork=merge_request and source != project,
            pull_request=merge_request,
            default_branch=get("CI_DEFAULT_BRANCH"),
            pipeline_url=get("CI_PIPELINE_URL"),
        )

    def passing_folders(self) -> tuple[Path, ...]:
        """What GitLab cleans between jobs."""
        return (self._folder,)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """A section of the log that can be folded."""
        section = re.sub(r"\W+", "_", title)
        show(f"\x1b[0Ksection_start:{int(time.time())}:{section}\r\x1b[0K{title}", self._log)
        try:
            yield
        finally:
            show(f"\x1b[0Ksection_end:{int(time.time())}:{section}\r\x1b[0K", self._log)

    def presume_error(self) -> None:
        """Later jobs read `error` unless this one gets to say how it ended."""
        self._keep({"result": "error"})

    def set_outputs(self, outputs: dict[str, str]) -> None:
        """Print them, and hand them to later jobs as `MLOPS_RESULT` and so on."""
        super().set_outputs(outputs)
        self._keep(outputs)

    def annotate(self, annotations: list[Annotation]) -> None:
        """Print them, and add them to the report that a merge request shows."""
        super().annotate(annotations)
        path = self._folder / CODE_QUALITY
        try:
            known = json.loads(path.read_bytes()) if path.exists() else []
        except ValueError:
            known = []
        found = {one["fingerprint"]: one for one in [*known, *map(_finding, annotations)]}
        try:
            self._write(path, json.dumps(list(found.values()), indent=1))
        except OutsideError as error:
            self.say(str(error))  # what it would hold has been printed

    def _keep(self, outputs: Mapping[str, str]) -> None:
        path = self._folder / DOTENV
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        for name, value in outputs.items():
            if "\n" not in value and len(value) <= _LONGEST_VALUE:
                values[f"MLOPS_{name.upper().replace('-', '_')}"] = value
        self._write(path, "".join(f"{name}={value}\n" for name, value in values.items()))

    def _write(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutsideError(f"{str(path)!r} cannot be written: {error.strerror}.") from None


def _finding(one: Annotation) -> dict[str, object]:
    place = f"{one.file}:{one.line}:{one.message}"
    return {
        "description": one.message,
        "check_name": one.title or "mlops-actions",
        "fingerprint": hashlib.sha256(place.encode()).hexdigest()[:40],
        "severity": _SEVERITY[one.level],
        # Without a place GitLab shows nothing at all.
        "location": {"path": one.file or "mlops.yml", "lines": {"begin": one.line or 1}},
    }
