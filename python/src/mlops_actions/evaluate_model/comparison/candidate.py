"""What is evaluated: a model that is scored here, predictions that were made elsewhere, or a server that predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlops_actions.errors import InputError
from mlops_actions.evidence import Material, size_path

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs
    from mlops_actions.evaluate_model.rows.testset import TestSet
    from mlops_actions.evaluate_model.sandbox import Sandbox
    from mlops_actions.evaluate_model.scoring.answer import Answer
    from mlops_actions.registries.reference import Model

Source = Literal["model", "predictions", "endpoint"]


@dataclass(frozen=True)
class Candidate:
    """The subject of the evaluation, and how its predictions are had."""

    name: str
    """As the user wrote it."""
    sha256: str
    """Of the model; of the predictions, where no model is named."""
    source: Source
    predict: Callable[[], Answer]
    """Predictions for each row of the test set; raises MisbehaviourError for what speaks against the model."""
    size_bytes: int | None = None
    """Of the model, where it is here."""
    materials: tuple[Material, ...] = ()
    """What was read besides the model."""
    beside: Callable[[], Answer | None] = lambda: None
    """The champion's scores, where they stand beside the candidate's; raises as `predict`."""


def source_of(inputs: Inputs) -> Source:
    """Where the predictions come from. Raises InputError unless exactly one source is given."""
    if inputs.predictions and inputs.endpoint:
        raise InputError("both 'predictions' and 'endpoint' are given.", hint="Evaluate one of them.")
    if inputs.key and not inputs.predictions:
        raise InputError("a key joins predictions to the data, and there are none.", where="key", hint="Leave it out.")
    if inputs.predictions:
        return "predictions"
    if inputs.endpoint:
        return "endpoint"
    if inputs.model:
        return "model"
    raise InputError(
        "evaluate-model needs one of the inputs 'model', 'predictions' and 'endpoint'.",
        hint="Give --model, INPUT_MODEL, or 'model' below 'evaluate-model' in mlops.yml.",
    )


def find_candidate(inputs: Inputs, model: Model | None, test_set: TestSet, sandbox: Sandbox | None) -> Candidate:
    """The candidate of a test set; `model` is the one of the input of that name.

    Raises InputError where its digest is not known, or where predictions do not belong to the data.
    """
    source = source_of(inputs)
    if source == "predictions":
        return _predictions(str(inputs.predictions), inputs, model, test_set)
    if source == "endpoint":
        return _endpoint(str(inputs.endpoint), inputs, model, test_set)
    assert model is not None
    assert sandbox is not None
    return _model(inputs, model, test_set, sandbox)


def _model(inputs: Inputs, model: Model, test_set: TestSet, sandbox: Sandbox) -> Candidate:
    from mlops_actions.evaluate_model.scoring.exchange import ModelFile
    from mlops_actions.evaluate_model.scoring.kept_predictions import keep_predictions
    from mlops_actions.evaluate_model.scoring.score import score

    file = ModelFile(model.path, model.sha256, "model", tuple(inputs.trusted_types))

    def predict() -> Answer:
        answer = score(file, test_set, sandbox, inputs.time_limit, inputs.latency_repeats)
        if inputs.keep_predictions:
            keep_predictions(answer, model, test_set, sandbox.level, inputs.registry, inputs.name)
        return answer

    return Candidate(model.reference, model.sha256, "model", predict, size_of(model))


def _predictions(location: str, inputs: Inputs, model: Model | None, test_set: TestSet) -> Candidate:
    from mlops_actions.evaluate_model.comparison.scores import read_champion_scores, read_scores
    from mlops_actions.evaluate_model.external.predictions_file import read_predictions
    from mlops_actions.tables import open_table

    table = open_table(location, inputs.engine)
    material = table.material("predictions")
    if model is None and "sha256" not in material.digest:
        raise InputError(f"{location!r} has no digest.", where="predictions", hint="Give `model`, which made them.")
    found = Candidate(
        model.reference if model else location,
        model.sha256 if model else material.digest["sha256"],
        "predictions",
        lambda: read_predictions(table, inputs.key, test_set),
        size_of(model) if model else None,
        (material,),
    )
    if inputs.task != "scores":
        return found
    names = inputs.metrics or []
    return replace(
        found,
        predict=lambda: read_scores(table, inputs.key, names, test_set),
        beside=lambda: read_champion_scores(table, inputs.key, names, test_set),
    )


def _endpoint(url: str, inputs: Inputs, model: Model | None, test_set: TestSet) -> Candidate:
    from mlops_actions.evaluate_model.external.endpoint import Endpoint

    endpoint = Endpoint.of(url, inputs.endpoint_token, inputs.time_limit)
    sha256 = endpoint.served(test_set, model.sha256 if model else None)
    return Candidate(
        model.reference if model else url,
        sha256,
        "endpoint",
        lambda: endpoint.predict(test_set, sha256),
        size_of(model) if model else None,
        (Material(name="endpoint", uri=url, digest={"sha256": sha256}),),
    )


def size_of(model: Model) -> int:
    """Bytes of a file, or of all files of a folder."""
    return size_path(model.path)
