"""Score a model in a sandbox and estimate every metric with its uncertainty, against the champion and by slice.

The model never runs in this process: it is code, and this process holds the job's secrets.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from mlops_actions.ci.inputs import (
    FILES,
    MODEL,
    Bytes,
    CommonInputs,
    CommonOutputs,
    Expressions,
    Numbers,
    Seconds,
    Words,
)
from mlops_actions.evidence import Material, Reason, Statement
from mlops_actions.evidence.evaluation import Evaluation, Task

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.rows.testset import TestSet
    from mlops_actions.evaluate_model.sandbox import Sandbox

log = logging.getLogger(__name__)


class Inputs(CommonInputs):
    """What evaluate-model takes."""

    model: Annotated[str | None, MODEL] = Field(
        None,
        description="A path, `name@alias`, `name:version` or `sha256:…` of a joblib, pickle, cloudpickle, skops "
        "or ONNX file, or of a folder of MLflow. With `predictions` or `endpoint`: the model that is behind them.",
    )
    trusted_types: Words = Field(
        default=[],
        description="Types that a skops file may hold besides the known ones, by their full names; never read from it.",
    )
    predictions: Annotated[str | None, FILES] = Field(
        None,
        description="Predictions instead of a model: a table with `prediction`, `probability` or `probability_…`, or "
        "with scores.",
    )
    key: Words = Field(
        default=[], description="Columns by which rows of `predictions` are found; by default rows have the same order."
    )
    endpoint: str | None = Field(
        None, description="A server instead of a model: the URL that takes rows as JSON and answers predictions."
    )
    endpoint_token: str | None = Field(
        None, description="Name of the environment variable that holds the endpoint's bearer token."
    )
    data: Annotated[str, FILES] = Field(
        description="Labelled rows: a Parquet, CSV, JSON lines or Arrow file, a glob or a folder of them, or any other "
        "place that validate-data reads."
    )
    engine: str = Field(
        "duckdb",
        description="Where tables are read and, if too large, counted: `duckdb`, `spark`, or `sc://host:port`.",
    )
    task: Task | None = Field(
        None,
        description="`binary`, `multiclass` or `regression`; by default inferred from the target and printed. "
        "`scores`: columns of `predictions` that hold a number a row, such as a judge's of a text.",
    )
    target: str | None = Field(
        None, validate_default=True, description="Column that the model should predict; only task `scores` has none."
    )
    positive_label: str | None = Field(
        None, description="The class that counts as positive; by default 1 or `true`, needed for other labels."
    )
    features: Words | None = Field(
        None,
        description="Columns that the model may see; by default all but the target, clusters, weights, and those that "
        "the contract calls unique or not available at prediction time.",
    )
    weights: str | None = Field(None, description="Column with row weights.")
    cluster: Words = Field(
        default=[],
        description="Columns whose equal values make rows dependent, such as the user; of a column of times also "
        "`sold.date` and `sold.week`.",
    )
    champion: str | None = Field(
        None, description="The model to compare with; by default `@champion` of `name`, where there is one."
    )
    anchor: Annotated[str | None, MODEL] = Field(
        None,
        description="A pinned older model (`name:version`, `sha256:…` or a path) to compare with as well, so that many "
        "small steps back are seen.",
    )
    slices: Expressions = Field(
        default=[],
        description="Columns whose every value is evaluated by itself; also `carrier & origin`, `distance[4]`, "
        "`distance[0, 500]`, `day.month` and `wind.missing`.",
    )
    protected: Expressions = Field(
        default=[], description="The same, for fairness: every two groups are compared, and none is pooled."
    )
    minimum_count: int = Field(
        30, ge=1, description="Slices with fewer rows in a metric's denominator are pooled into `(other)`."
    )
    metrics: Expressions | None = Field(
        None,
        description="Which metrics to estimate, such as `all, recall@0.3, fbeta(2)`; by default `all` of the task. "
        "`my_metrics:profit` is a function of your own, `my_metrics:profit(amount)` one that takes a column.",
    )
    thresholds: Numbers = Field(
        default=[], description="Further thresholds: for each, every metric of labels is estimated, as `recall@0.3`."
    )
    costs: Words = Field(
        default=[],
        description="What a prediction costs, for the metric `cost`: `late as punctual = 10, punctual as late = 1`.",
    )
    decision_threshold: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="Probability from which a row counts as positive."
    )
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = Field(
        0.95, description="Confidence of the bounds that are shown; a gate may ask for any other."
    )
    time_limit: Seconds = Field(600.0, description="How long one model may take to score all rows, such as `10m`.")
    latency_repeats: Annotated[int, Field(ge=0, le=50)] = Field(
        12,
        description="Bursts of calls in which latency is measured, each a cluster; a gate needs 10, `0` measures none.",
    )
    compare_latency: bool = Field(
        False,
        description="Also time the champion, in turns with the model, so that a gate's rule may compare them: "
        "`latency_p95_ms <= 1.2 * champion`.",
    )
    memory_limit: Bytes | None = Field(
        None, description="How much memory a model may take, such as `4GB`; by default nine tenths of what is free."
    )
    disk_limit: Bytes = Field(10**9, description="How much a model may write, shared memory included.")
    python: str = Field(
        "python3",
        description="The interpreter, with its packages, that scores the model; with `environment` also a version, "
        "such as `3.11`.",
    )
    environment: Annotated[str, FILES] | None = Field(
        None,
        description="The model's requirements (`requirements.txt`, `pylock.toml`, `uv.lock`, `pyproject.toml`, or a "
        "folder with one): it is scored in an environment that uv makes from them, from wheels only.",
    )
    champion_python: str | None = Field(
        None,
        description="The interpreter that scores the champion; by default that of `python`, or, where the champion was "
        "evaluated with other versions, of an environment that uv makes of those.",
    )
    keep_predictions: bool = Field(
        True,
        description="Keep the model's predictions in the registry, so that, once it is the champion, it need not run "
        "again on the same rows. `false` where the registry is not this job's to write.",
    )
    isolation: Literal["strict", "process", "none"] = Field(
        "strict",
        description="What is kept from the model: `strict` (environment, network, other processes, your files), "
        "`process` (environment and privileges) or `none`.",
    )

    @field_validator("target")
    @classmethod
    def _needed(cls, target: str | None, info: ValidationInfo) -> str | None:
        if target is None and info.data.get("task") != "scores":
            raise PydanticKnownError("missing")
        return target


class Outputs(CommonOutputs):
    """What evaluate-model gives."""

    task: Task | None = Field(None, description="`binary`, `multiclass`, `regression` or `scores`.")
    n: int | None = Field(None, description="Rows scored.")
    degraded: bool | None = Field(
        None,
        description="`true` where the model is shown to be worse than at its promotion, `false` where nothing is shown "
        "though every metric could be judged, empty where it cannot be told.",
    )


def run(inputs: Inputs) -> Statement[Evaluation]:
    """Evaluate the model; the statement fails only where the model misbehaves, since judging is the gate's."""
    from mlops_actions.evaluate_model.comparison.asked import check_names
    from mlops_actions.evaluate_model.comparison.candidate import find_candidate, source_of
    from mlops_actions.evaluate_model.comparison.champion import find_rivals
    from mlops_actions.evaluate_model.comparison.overlap import find_overlap
    from mlops_actions.evaluate_model.comparison.pairing import score_all
    from mlops_actions.evaluate_model.comparison.scores import check_scores, with_champion_beside
    from mlops_actions.evaluate_model.comparison.side_by_side import check_comparable, with_turns
    from mlops_actions.evaluate_model.comparison.training import find_training, training_labels
    from mlops_actions.evaluate_model.measuring.cuts import cuts_of
    from mlops_actions.evaluate_model.measuring.large import evaluate_large, large_table
    from mlops_actions.evaluate_model.measuring.own import find_own, materials_of, with_own
    from mlops_actions.evaluate_model.measuring.references import with_references
    from mlops_actions.evaluate_model.sandbox import Limits
    from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
    from mlops_actions.evaluate_model.statement import known_before, measured
    from mlops_actions.registries.reference import resolve

    check_scores(inputs)
    check_names(inputs, inputs.task)
    check_comparable(inputs)
    source = source_of(inputs)
    model = resolve(inputs.model, inputs.registry, inputs.name) if inputs.model else None
    rivals = find_rivals(inputs.champion, inputs.anchor, inputs.registry, inputs.name)
    rivals = with_champion_beside(inputs, rivals)
    if not rivals and (table := large_table(inputs)):
        return evaluate_large(inputs, table, model)
    compared = bool(rivals) and inputs.task != "scores"
    with ThreadPoolExecutor(1) as beside:
        # It waits for processes, and meanwhile the rows are read.
        chosen = beside.submit(_choose, inputs) if source == "model" or compared else None
        test_set, materials = _read(inputs, featured=source != "predictions" or compared)
    own = find_own(inputs, test_set)
    sandbox = chosen.result() if chosen else _choose(inputs) if own else None
    if sandbox:
        # What is free is less by the rows.
        sandbox = replace(sandbox, limits=Limits.of(inputs.memory_limit, inputs.disk_limit))
    candidate = find_candidate(inputs, model, test_set, sandbox)
    known = known_before(inputs, candidate, rivals, test_set, sandbox, [*materials, *materials_of(own)])
    cuts = cuts_of(test_set.slices, test_set.protected, test_set.cut)
    try:
        training = find_training(inputs.evidence, candidate.sha256, test_set.material)
        seen = find_overlap(training, test_set)
        scored = score_all(inputs, candidate, rivals, test_set, sandbox)
        scored = replace(scored, trained=training_labels(training, test_set))
        scored = with_turns(scored, inputs, model, rivals, test_set, sandbox)
        scored = with_own(inputs, own, test_set, scored, sandbox)
        evaluation = measured(inputs, test_set, cuts, scored, known)
    except MisbehaviourError as error:
        reason = Reason(code=error.code, message=f"The model {error.message}", where=candidate.name)
        return Statement(candidate.name, candidate.sha256, Evaluation(result="fail", reasons=[reason], **known))
    evaluation = evaluation.model_copy(update={"reasons": [*evaluation.reasons, *seen]})
    evaluation = with_references(evaluation, inputs, model, rivals, test_set, scored)
    return Statement(candidate.name, candidate.sha256, evaluation)


def _choose(inputs: Inputs) -> Sandbox:
    from mlops_actions.evaluate_model.sandbox import Limits, choose
    from mlops_actions.evaluate_model.scoring.environments import find_environment

    limits = Limits.of(inputs.memory_limit, inputs.disk_limit)
    return choose(inputs.isolation, find_environment(inputs.environment, inputs.python), limits)


def _read(inputs: Inputs, *, featured: bool) -> tuple[TestSet, list[Material]]:
    from mlops_actions.evaluate_model.comparison.asked import asked_metrics
    from mlops_actions.evaluate_model.rows.availability import availability
    from mlops_actions.evaluate_model.rows.testset import read_test_set
    from mlops_actions.tables import open_table

    table = open_table(inputs.data, inputs.engine)
    material = table.material("data")
    available = availability(inputs.evidence, material)
    test_set = read_test_set(
        table,
        material,
        target=inputs.target,
        task=inputs.task,
        positive=inputs.positive_label,
        features=inputs.features,
        weights=inputs.weights,
        cluster=inputs.cluster,
        slices=inputs.slices,
        protected=inputs.protected,
        available=replace(available, row_ids=(*available.row_ids, *inputs.key)),
        featured=featured,
    )
    task = test_set.target.task
    if inputs.task is None:
        log.info("Task: %s, inferred from %r.", task, inputs.target)
    asked_metrics(inputs, test_set.target)
    return test_set, [material, *([available.report] if available.report else [])]
