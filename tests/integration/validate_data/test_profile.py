"""A profile in a data-report serves as the reference, to the last digit as its data does."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.validate_data.action import Inputs, run

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    quality:
      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [n, r, w, b, d, p], max: 0.1}}
      - type: custom
        engine: mlops-actions
        implementation: {check: drift, columns: [n, r], max: 0.1, method: wasserstein}
      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [w], max: 0.1, of: length}}
      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [r], max: 0.1, season: d.weekday}}
      - {type: custom, engine: mlops-actions, implementation: {check: target-drift, column: b, max: 0.1}}
    properties:
      - {name: n, logicalType: integer}
      - {name: p, logicalType: string, classification: personal}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("contract.yaml").write_text(CONTRACT)
    for name, rows, scale in (("train", 5_000, 7), ("test", 2_000, 9)):
        duckdb.connect().execute(f"""COPY (
            SELECT i % {scale} AS n, sqrt(i % 97) * {scale} / 7 + 0.1 AS r, 'w' || i % {scale} * 7 AS w,
            i % {scale} < 3 AS b, DATE '2024-01-01' + (i % 30)::INT AS d, 'name ' || i % 3 AS p FROM range({rows}) t(i)
        ) TO '{name}.parquet'""")
    return tmp_path


def validate(data: str, **more: object) -> DataReport:
    return run(Inputs.model_validate({"data": data, "contract": "contract.yaml", **more})).predicate


def profile_of(data: str) -> str:
    statement = run(Inputs(data=data, contract="contract.yaml", profile=True))
    return str(EvidenceStore("mlops-evidence").write(statement))


def test_drift_from_a_profile_is_drift_from_its_data() -> None:
    path = profile_of("train.parquet")
    Path("train.parquet").rename("train-is-not-here.parquet")
    by_profile = validate("test.parquet", reference=path)
    by_data = validate("test.parquet", reference="train-is-not-here.parquet")
    ours = [one for one in by_profile.drift if one.column != "p"]
    assert ours == [one for one in by_data.drift if one.column != "p"]
    assert {one.result for one in ours} == {"pass", "fail"}
    assert by_profile.drifted
    assert [one.uri for one in by_profile.materials] == ["test.parquet", path, "contract.yaml"]


def test_a_profile_is_small_and_holds_nothing_of_personal_columns() -> None:
    path = Path(profile_of("train.parquet"))
    assert "name 1" not in path.read_text()
    assert path.stat().st_size < 30_000
    found = validate("test.parquet", reference=str(path)).drift
    assert next(one.message for one in found if one.column == "p") == (
        f"drift of 'p' was not checked: {str(path)!r} has no profile of it; personal columns have none."
    )


def test_what_the_profile_lacks_is_not_checked() -> None:
    path = profile_of("train.parquet")
    Path("contract.yaml").write_text(CONTRACT.replace("columns: [n, r, w, b, d, p]", "columns: [n], of: missing"))
    (first, *_) = validate("test.parquet", reference=path).drift
    assert (first.result, first.message) == (
        "not-checked",
        f"drift of what is missing of 'n' was not checked: {path!r} has no profile of it; "
        "make it again by this contract.",
    )


def test_without_being_asked_for_there_is_no_profile() -> None:
    assert validate("train.parquet").profile == []


def test_a_report_of_another_kind_or_one_that_was_edited_is_refused() -> None:
    path = Path(profile_of("train.parquet"))
    document = json.loads(path.read_text())
    for one in document["predicate"]["profile"]:
        one["cuts"] = ["x'; DROP"] * len(one["cuts"])
    Path("edited.json").write_text(json.dumps(document))
    with pytest.raises(InputError) as caught:
        validate("test.parquet", reference="edited.json")
    assert str(caught.value) == (
        "edited.json: a cut of 'n' is \"x'; DROP\", which is not of the type integer. Write a number."
    )
    document["predicate"]["profile"][0]["counts"][""].pop()
    Path("short.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"short.json: the statement's predicate.profile.0 is wrong: .* bins of 'n'"):
        validate("test.parquet", reference="short.json")
    document["predicateType"] = document["predicateType"].replace("data-report", "training")
    document["predicate"] = {"result": "pass", "command": ["make"], "exit_code": 0, "seconds": 1}
    Path("other.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="the reference is a statement of the kind 'training'"):
        validate("test.parquet", reference="other.json")
