"""Model folders of MLflow: which file in them is the model, and how it is loaded, as their `MLmodel` says.

Read without MLflow. What a folder says of itself is believed only as far as it tells how to run it: types that a
skops file may hold are not taken from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.scoring.model_format import Loading, format_of
from mlops_actions.yaml_source import read_yaml

_FILES = {"sklearn": "pickled_model", "onnx": "data"}
"""Flavour → the key that names its file; in the order of preference: these need no MLflow."""
_VERSIONS = {"xgboost": "xgb_version", "lightgbm": "lgb_version", "catboost": "catboost_version"}
"""Flavour, which is also the package → the key that says with which version it was trained."""


def loading_of(folder: Path, name: str) -> Loading:
    """How the model in a folder is loaded; `name` is how messages call the model.

    Raises InputError for a folder that is none of MLflow's, that points outside itself, or of no flavour that can be
    scored.
    """
    if not (folder / "MLmodel").is_file():
        raise InputError(
            f"the {name} {str(folder)!r} is a folder without the file MLmodel.",
            where=name,
            hint="Name the model's file, or a model folder of MLflow.",
        )
    for path in folder.rglob("*"):
        if path.is_symlink():
            # What it points to would be read with our rights and shown to the model.
            raise InputError(f"{str(path)!r} is a link.", where=name, hint="A model folder holds plain files.")
    document = read_yaml(folder / "MLmodel", "model description").data
    flavours = document.get("flavors") if isinstance(document, dict) else None
    known: dict[str, Any] = {key: one for key, one in (flavours or {}).items() if isinstance(one, dict)}
    function = known.get("python_function", {})
    python = _version(function, "python_version")
    for flavour, key in _FILES.items():
        if flavour in known:
            file = _inside(folder, known[flavour].get(key), name)
            code = known[flavour].get("code") or function.get("code")
            return Loading(
                format_of(folder / file, name).module, file, _inside(folder, code, name) if code else None, python
            )
    if function:
        # MLflow finds what it needs by itself, code included.
        versions = {package: _version(known.get(package, {}), key) for package, key in _VERSIONS.items()}
        return Loading("mlflow_pyfunc", "", None, python, {name: one for name, one in versions.items() if one})
    raise InputError(
        f"the {name} {str(folder)!r} has the flavours {', '.join(known) or 'of nothing'}.",
        where=name,
        hint=f"One of these can be scored: {', '.join([*_FILES, 'python_function'])}.",
    )


def _inside(folder: Path, given: object, name: str) -> str:
    """A path that MLmodel names, which must be in the folder."""
    path = (folder / str(given)).resolve()
    if given is None or not path.is_relative_to(folder.resolve()) or not path.exists():
        raise InputError(
            f"{str(folder / 'MLmodel')!r} names {given!r}, which is not in the folder.",
            where=name,
            hint="Save it again.",
        )
    return path.relative_to(folder.resolve()).as_posix()


def _version(flavour: Mapping[str, Any], key: str) -> str | None:
    found = str(flavour.get(key, ""))
    return found if re.fullmatch(r"\d+(\.\w+){0,5}", found) else None
