"""The user's code behind a metric: a module or package of the working directory; anything else has to be installed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mlops_actions.errors import OutsideError
from mlops_actions.evaluate_model.own_metrics.names import OwnMetric
from mlops_actions.evidence import Material, digest_path
from mlops_actions.evidence.digests import digest_files

_LEFT_OUT = ("__pycache__", ".*")
FOLDER = "input/code"
"""Where it lies in the exchange folder."""


@dataclass(frozen=True)
class Code:
    """A module's file, or a package's folder, of a known digest."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, metric: OwnMetric) -> Code | None:
        """The code in the working directory; None where it is not there, and may be installed."""
        top = metric.module.partition(".")[0]
        for path in (Path(top), Path(f"{top}.py")):
            if (path.is_dir() and any(path.rglob("*.py"))) or (path.is_file() and path.suffix == ".py"):
                return cls(path, _digest(path))
        return None

    def material(self, metric: OwnMetric) -> Material:
        """The code as something that was read."""
        return Material(name="metric", uri=str(metric), digest={"sha256": self.sha256})

    def copy(self, folder: Path) -> None:
        """Copy exactly the bytes with this digest below `folder`; OutsideError when they changed meanwhile."""
        place = folder / FOLDER
        place.mkdir()
        copy = place / self.path.name
        if self.path.is_dir():
            shutil.copytree(self.path, copy, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        else:
            shutil.copyfile(self.path, copy)
        if _digest(copy) != self.sha256:
            raise OutsideError(f"{str(self.path)!r} changed while it was read.", hint="Run again.")


def _digest(path: Path) -> str:
    if path.is_file():
        return digest_path(path)
    files = [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return digest_files([file for file in files if not _left_out(file.relative_to(path))], root=path)


def _left_out(file: Path) -> bool:
    return any(fnmatch(part, pattern) for part in file.parts for pattern in _LEFT_OUT)
