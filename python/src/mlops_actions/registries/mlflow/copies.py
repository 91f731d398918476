"""Copies of MLflow's and W&B's models on this machine: a file, or a folder where the model is one."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path, PurePosixPath

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.cache import cache_folder
from mlops_actions.registries.mlflow.artifacts import ReadArtifacts


def copy_of(sha256: str) -> Path | None:
    """The copy of a model, None where there is none or it is no longer right."""
    folder = _copies() / sha256
    path = _model_in(folder) if folder.is_dir() else None
    return path if path and digest_path(path) == sha256 else None


def download(artifacts: ReadArtifacts) -> tuple[str, Path]:
    """The SHA-256 of the model among these artifacts, and its copy: the only file, or else the folder of all.

    Raises OutsideError when there are none, or the copy cannot be written.
    """
    files = artifacts.files()
    if not files:
        raise OutsideError("the version's artifacts are gone.", hint="Promote the original file again, by its path.")
    temporary = _copies() / f".{secrets.token_hex(8)}"
    try:
        for name in files:
            _save(artifacts, name, temporary)
        sha256 = digest_path(_model_in(temporary))
        goal = _copies() / sha256
        if copy_of(sha256) is None:
            shutil.rmtree(goal, ignore_errors=True)
            temporary.rename(goal)
        return sha256, _model_in(goal)
    except OSError as error:
        raise OutsideError(f"the cache {str(_copies())!r} cannot be used: {error.strerror}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _save(artifacts: ReadArtifacts, name: str, folder: Path) -> None:
    parts = PurePosixPath(name).parts
    if ".." in parts or name.startswith("/"):
        raise OutsideError(f"an artifact is named {name!r}, which leads out of its folder.")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        for block in artifacts.blocks(name):
            stream.write(block)


def _model_in(folder: Path) -> Path:
    """The file that lies in it alone, else the folder itself."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_file() else folder


def _copies() -> Path:
    return cache_folder() / "mlflow"
