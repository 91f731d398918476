"""Scores that were made elsewhere, such as a judge's of texts: estimated, compared with the champion's, and gated."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evidence import EvidenceStore, Statement, digest_path
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.quality_gate.action import Inputs as GateInputs
from mlops_actions.quality_gate.action import run as gate

from .conftest import promote, write_table

ROWS = 600
GUIDE = Path(__file__).parents[3] / "docs" / "actions" / "evaluate-model.md"


def judged() -> pd.DataFrame:
    """Sixty users ask ten questions each; a judge gives points from 1 to 5, and says whether an answer is harmless."""
    generator = np.random.default_rng(3)
    table = pd.DataFrame({"id": np.arange(ROWS), "user": np.arange(ROWS) % 60})
    table["topic"] = np.where(table.id % 3 == 0, "law", "travel")
    mood = generator.normal(size=60)[table.user]
    table["champion_helpful"] = np.clip(np.round(3.2 + mood + generator.normal(size=ROWS)), 1, 5)
    table["helpful"] = np.clip(np.round(3.6 + mood + generator.normal(size=ROWS)), 1, 5)
    table["harmless"] = generator.random(ROWS) < 0.97
    return table


@pytest.fixture(autouse=True)
def tables(folder: Path) -> None:
    """questions.parquet, and judged.parquet in another order."""
    table = judged()
    write_table(table[["id", "user", "topic"]], "questions.parquet")
    write_table(table.drop(columns=["user", "topic"]).sample(frac=1, random_state=1), "judged.parquet")


def statement(**inputs: object) -> Statement[Evaluation]:
    given = {"task": "scores", "data": "questions.parquet", "predictions": "judged.parquet", "key": "id"}
    return run(Inputs.model_validate({**given, "metrics": "helpful, harmless", **inputs}))


def evaluate(**inputs: object) -> Evaluation:
    return statement(**inputs).predicate


def refusal(**inputs: object) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(**inputs)
    return str(caught.value)


def test_means_have_the_error_of_clusters() -> None:
    told = statement(cluster="user")
    found, table = told.predicate, judged()
    assert (told.name, told.sha256) == ("judged.parquet", digest_path("judged.parquet"))
    assert (found.result, found.task, found.target, found.n) == ("pass", "scores", None, ROWS)
    assert found.estimates["helpful"].value == pytest.approx(table.helpful.mean())
    assert found.estimates["helpful"].se == pytest.approx(table.groupby("user").helpful.mean().sem(), rel=1e-6)
    harmless = found.estimates["harmless"]
    assert harmless.value == pytest.approx(table.harmless.mean())
    assert harmless.method == "wilson"
    assert (found.curves, found.isolation, list(found.references)) == (None, None, [])


def test_scores_beside_are_the_champions() -> None:
    told = statement(cluster="user")
    found, table = told.predicate, judged()
    difference = (table.helpful - table.champion_helpful).groupby(table.user).mean()
    assert found.champion["helpful"].value == pytest.approx(table.champion_helpful.mean())
    assert found.differences["helpful"].value == pytest.approx(difference.mean())
    assert found.differences["helpful"].se == pytest.approx(difference.sem(), rel=1e-6)
    assert "harmless" not in found.champion
    assert found.champion_name == "judged.parquet#champion_helpful"
    assert found.champion_sha256 not in (None, told.sha256)


def test_they_are_of_the_champion_in_the_registry_where_there_is_one() -> None:
    Path("model.gguf").write_bytes(b"weights of another world")
    promote("model.gguf", "helper")
    found = evaluate(name="helper", registry="file:registry")
    assert found.champion_sha256 == digest_path("model.gguf")
    assert "helpful" in found.differences


def test_a_champion_without_scores_leaves_the_evaluation_open() -> None:
    Path("model.gguf").write_bytes(b"weights of another world")
    promote("model.gguf", "helper")
    found = evaluate(name="helper", registry="file:registry", metrics="harmless")
    assert (found.result, [(one.code, one.message) for one in found.reasons]) == (
        "inconclusive",
        [
            (
                "champion-not-scored",
                "The champion has no scores: the predictions hold no column 'champion_harmless'.",
            )
        ],
    )


def test_in_slices_and_between_groups() -> None:
    found, table = evaluate(slices="topic", protected="topic", metrics="helpful"), judged()
    means = table.groupby("topic").helpful.mean()
    assert {one.value: one.estimates["helpful"].value for one in found.slices} == pytest.approx(dict(means))
    (gap,) = [one.gap for one in found.fairness if one.metric == "helpful"]
    assert gap is not None
    assert gap.value == pytest.approx(means.max() - means.min())


def test_weighted_and_in_the_same_table() -> None:
    write_table(judged().assign(weight=judged().id % 4), "all.parquet")
    found = evaluate(data="all.parquet", predictions="all.parquet", key="", weights="weight")
    assert found.estimates["helpful"].value == pytest.approx(np.average(judged().helpful, weights=judged().id % 4))


def test_rows_of_one_user_are_warned_about() -> None:
    (warning,) = evaluate(metrics="helpful").reasons
    assert (warning.code, warning.warning) == ("rows-dependent", True)
    assert warning.message.endswith("Add `cluster: user`.")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.helpful.where(table.id > 1), "gives no 'helpful' for 2 of 600 rows, first for row 0."),
        (
            lambda table: table.helpful.where(table.id != 7, np.inf),
            "gives NaN or infinity in 'helpful' for 1 of 600 rows, first for row 7.",
        ),
        (lambda table: table.helpful.astype(str), "gives text in 'helpful', which should hold numbers."),
    ],
)
def test_what_is_no_score_fails(spoil: object, message: str) -> None:
    assert callable(spoil)
    write_table(judged().assign(helpful=spoil), "judged.parquet")
    found = evaluate()
    assert (found.result, [one.message for one in found.reasons]) == ("fail", [f"The model {message}"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"metrics": None},
            "metrics: task 'scores' needs the names of the columns in `predictions` that hold a number a row. "
            "Write `metrics: helpfulness, harmlessness`.",
        ),
        ({"metrics": "helpfol"}, "metrics: 'judged.parquet' has no column 'helpfol'. Did you mean 'helpful'?"),
        (
            {"metrics": "rouge-1"},
            "metrics: 'rouge-1' is no name of a score that a rule could ask for. "
            "Call the column otherwise: letters, digits and `_`, and no word of the rules such as `champion`.",
        ),
        ({"target": "helpful"}, "target: task 'scores' has no use for it. Leave it out."),
        (
            {"predictions": None, "key": "", "model": "judged.parquet"},
            "task: task 'scores' needs `predictions`: a table with columns of numbers. Give it, or another task.",
        ),
        ({"slices": "topics"}, "slices: 'questions.parquet' has no column 'topics'. Did you mean 'topic'?"),
    ],
)
def test_what_does_not_fit_is_refused(inputs: dict[str, object], message: str) -> None:
    assert refusal(**inputs) == message


def test_the_guide_and_a_gate() -> None:
    """The step of the guide, and the rules that stand below it."""
    section = GUIDE.read_text(encoding="utf-8").split("### Scores")[1].split("### ")[0]
    given = dict(re.findall(r"^    ([a-z]+): (.+?)(?: +#.*)?$", section, re.MULTILINE))
    found = statement(**given)
    EvidenceStore("mlops-evidence").write(found)
    rules = re.findall(r"`([^`]* (?:>=|<|<=|>) [^`]*)`", section)
    assert len(rules) == 3
    verdict = gate(GateInputs(rules="\n".join(rules), name="assistant")).predicate
    assert (verdict.result, verdict.champion) == ("pass", found.predicate.champion_sha256)
    difference = (judged().helpful - judged().champion_helpful).mean()
    assert next(one.value for one in verdict.rules if "champion" in one.rule) == pytest.approx(difference)
    assert gate(GateInputs(rules="helpful <= champion", name="assistant")).predicate.result == "fail"
