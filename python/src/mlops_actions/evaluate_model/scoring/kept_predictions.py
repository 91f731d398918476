"""Predictions that a model's own evaluation left in the registry, so that later it need not run on the same rows again.

They lie at `predictions/<model>/<question>/<isolation>` beside the model's log: a line of JSON, then a `.npy` array.
The question is a digest of all that the scorer was handed, so that no other rows or columns are answered by them.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from mlops_actions.errors import MlopsError
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Isolation
from mlops_actions.evaluate_model.scoring.answer import (
    Answer,
    MisbehaviourError,
    checked_codes,
    checked_probabilities,
    checked_values,
)
from mlops_actions.evaluate_model.scoring.exchange import PROTOCOL, wanted_of
from mlops_actions.evidence import Material, digest_bytes
from mlops_actions.registries import Model, open_registry

log = logging.getLogger(__name__)

MOST_BYTES = 256 << 20
"""Of one model's predictions; more are not kept."""

_LEVELS: Sequence[Isolation] = ("strict", "process", "none")


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    classes: list[bool | int | float | str]
    sha256: str
    """Of the array's bytes."""


def keep_predictions(
    answer: Answer, model: Model, test_set: TestSet, isolation: Isolation, registry: str, name: str | None
) -> None:
    """Leave a model's predictions beside its log; where that cannot be, it is said and nothing else changes."""
    if (name := model.name or name) is None:
        return
    array = _array(answer)
    if array.nbytes > MOST_BYTES:
        log.info("Predictions not kept: %d MB are more than %d.", array.nbytes >> 20, MOST_BYTES >> 20)
        return
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    body = stream.getvalue()
    header = _Header(classes=list(answer.classes), sha256=digest_bytes(body)).model_dump_json()
    try:
        open_registry(registry).attach(name, _key(model, test_set, isolation), header.encode() + b"\n" + body)
    except MlopsError as error:
        log.warning("Predictions not kept: %s", error.message)


def kept_predictions(
    model: Model, test_set: TestSet, isolation: Isolation, registry: str, name: str | None
) -> tuple[Answer, Material] | None:
    """What a model predicted for these very rows under this isolation or a stronger one, and where that was found.

    None where nothing is kept, or where it is damaged, which is said.
    """
    if (name := model.name or name) is None:
        return None
    opened = open_registry(registry)
    for level in _LEVELS[: _LEVELS.index(isolation) + 1]:
        key = _key(model, test_set, level)
        try:
            content = opened.attached(name, key)
        except MlopsError as error:
            log.warning("Kept predictions cannot be read: %s", error.message)
            return None
        if content is None:
            continue
        try:
            answer = _answer(content, test_set)
        except (ValueError, EOFError, MisbehaviourError):
            log.warning("The predictions that are kept at %s are damaged: delete that object of the registry.", key)
            continue
        uri = f"{registry.rstrip('/')}/models/{name}/{key}"
        return answer, Material(name="predictions", uri=uri, digest={"sha256": digest_bytes(content)})
    return None


def _key(model: Model, test_set: TestSet, isolation: Isolation) -> str:
    columns = [
        (name, column.values.dtype.str, column.categories is not None, column.type)
        for name, column in test_set.features.items()
    ]
    question = json.dumps([PROTOCOL, wanted_of(test_set.target.task), test_set.rows, test_set.row_order, columns])
    return f"predictions/{model.sha256}/{hashlib.sha256(question.encode()).hexdigest()}/{isolation}"


def _array(answer: Answer) -> NDArray[Any]:
    for array in (answer.probabilities, answer.codes, answer.values):
        if array is not None:
            return array
    raise ValueError("an answer without predictions")


def _answer(content: bytes, test_set: TestSet) -> Answer:
    """Raises ValueError, EOFError or MisbehaviourError for what was not written here."""
    head, _, body = content.partition(b"\n")
    try:
        header = _Header.model_validate_json(head)
    except ValidationError:
        raise ValueError("no header") from None
    if digest_bytes(body) != header.sha256:
        raise ValueError("another digest")
    array, classes = np.load(io.BytesIO(body), allow_pickle=False), tuple(header.classes)
    if array.ndim == 0 or len(array) != test_set.rows:
        raise ValueError("another number of rows")
    if wanted_of(test_set.target.task) == "values":
        return Answer((), None, None, checked_values(array))
    if array.dtype.kind == "i":
        return Answer(classes, None, checked_codes(array, len(classes)), None)
    return Answer(classes, checked_probabilities(array, len(classes)), None, None)
