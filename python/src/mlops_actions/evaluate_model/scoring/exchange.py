"""What is handed to the scorer: files in the exchange folder (the scorer's `protocol.py` says which)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import OutsideError
from mlops_actions.evaluate_model.scoring.mlflow_folder import loading_of
from mlops_actions.evaluate_model.scoring.model_format import Loading, format_of
from mlops_actions.evidence import digest_path
from mlops_actions.evidence.evaluation import Task
from mlops_actions.tables.interface import Column

SCORER = Path(__file__).parents[1] / "scorer"
PROTOCOL = 1
BATCH_ROWS = 100_000
PROGRESS_SECONDS = 10.0
"""Between two words of how far scoring is."""
LATENCY_ROWS = 1000
"""Of the batch whose latency is told."""

Wanted = Literal["classes", "values"]


def wanted_of(task: Task) -> Wanted:
    """What the scorer is asked for."""
    return "values" if task == "regression" else "classes"


@dataclass(frozen=True)
class ModelFile:
    """A model, one file or a folder, of a known digest."""

    path: Path
    sha256: str
    name: str
    """How messages call it, which is also the input that named it: model or champion."""
    trusted: tuple[str, ...] = ()
    """Types that a skops file may hold, by their full names."""


def hand_over(
    folder: Path,
    model: ModelFile,
    features: Mapping[str, Column],
    rows: int,
    wanted: Wanted,
    repeats: int,
    *,
    turns: bool = False,
) -> None:
    """Write scorer, model, columns and request below `folder`; with `turns`, for timing beside other models only.

    The model is a copy of exactly the bytes with its digest: OutsideError when the file changed meanwhile.
    """
    loading = _loading(model)
    copy = folder / "input" / f"model{model.path.suffix}"
    if model.path.is_dir():
        shutil.copytree(model.path, copy, symlinks=True)
    else:
        shutil.copyfile(model.path, copy)
    if digest_path(copy) != model.sha256:
        raise OutsideError(f"{str(model.path)!r} changed while it was read.", hint="Run again.")
    request = {
        "format": loading.module,
        "model": "/".join(["input", copy.name, *([loading.file] if loading.file else [])]),
        "code": f"input/{copy.name}/{loading.code}" if loading.code else None,
        "python": loading.python,
        "versions": dict(loading.versions),
        "trusted": model.trusted,
        "rows": rows,
        "batch": BATCH_ROWS,
        "progress": PROGRESS_SECONDS,
        "repeats": repeats,
        "batch_rows": LATENCY_ROWS,
        "turns": turns,
        "output": wanted,
        "columns": [
            {"name": name, **write_column(folder, f"{number}.npy", column)}
            for number, (name, column) in enumerate(features.items())
        ],
    }
    send(folder, request)


def write_column(folder: Path, file: str, column: Column) -> dict[str, Any]:
    """Write a column's array below `folder`, and say in the request's terms which file it is and what it holds."""
    description, array = encode_column(column)
    np.save(folder / "input" / file, array, allow_pickle=False)
    return {"file": file, **description}


def send(folder: Path, request: Mapping[str, Any]) -> None:
    """Write scorer and request below `folder`, and let whoever runs there read all of it."""
    shutil.copytree(SCORER, folder / "scorer", ignore=shutil.ignore_patterns("__pycache__"))
    content = json.dumps({"protocol": PROTOCOL, **request})
    (folder / "input" / "request.json").write_text(content, encoding="utf-8")
    # Under a umask of 077 the user nobody could not read what it was given.
    for path in [*(folder / "input").rglob("*"), *(folder / "scorer").rglob("*"), folder / "scorer"]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _loading(model: ModelFile) -> Loading:
    if model.path.is_dir():
        return loading_of(model.path, model.name)
    return Loading(format_of(model.path, model.name).module)


def encode_column(column: Column) -> tuple[dict[str, Any], NDArray[Any]]:
    """A column as one array without objects.

    Numbers with NaN, datetimes with NaT, codes with -1 for missing; integers with gaps are pairs, since none of them
    is free to stand for missing, and beyond 2^53 a float would be another number.
    """
    values, valid = column.values, column.valid
    said = {"type": column.type}
    if column.categories is not None:
        return {"kind": "text", "categories": column.categories, **said}, _gaps(values.astype(np.int32), valid, -1)
    if values.dtype.kind == "b":
        return {"kind": "boolean", **said}, _gaps(values.astype(np.int8), valid, -1)
    if values.dtype.kind == "M":
        return {"kind": "datetime", **said}, _gaps(values, valid, np.datetime64("NaT"))
    if values.dtype.kind in "iu" and valid is not None:
        pairs = np.zeros(len(values), dtype=[("value", values.dtype), ("valid", bool)])
        pairs["value"], pairs["valid"] = np.where(valid, values, 0), valid
        return {"kind": "integer", **said}, pairs
    return {"kind": "number", **said}, values if valid is None else _gaps(values.astype(np.float64), valid, np.nan)


def _gaps(values: NDArray[Any], valid: NDArray[np.bool_] | None, missing: Any) -> NDArray[Any]:
    return values if valid is None else np.where(valid, values, missing).astype(values.dtype)
