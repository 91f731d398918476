"""The action from its inputs to its statement."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason, Statement
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.statement import parse_statement
from mlops_actions.validate_data.action import Inputs, run

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    properties:
      - name: age
        logicalType: integer
        required: true
        logicalTypeOptions: {minimum: 0}
      - {name: late, logicalType: boolean, customProperties: [{property: availableAtPrediction, value: false}]}
"""
DRIFT = """\
    quality:
      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [age], max: 0.1}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("contract.yaml").write_text(CONTRACT)
    Path("good.csv").write_text("age,late\n" + "".join(f"{age},true\n" for age in range(200)))
    Path("bad.csv").write_text("age,late\n-1,true\n,false\nold,true\n3,perhaps\n")
    Path("empty.csv").write_text("age,late\n")
    return tmp_path


def report(data: str = "good.csv", **more: object) -> DataReport:
    return run(Inputs.model_validate({"data": data, "contract": "contract.yaml", **more})).predicate


def test_good_data_passes_and_is_the_subject() -> None:
    statement = run(Inputs(data="good.csv", contract="contract.yaml"))
    assert (statement.name, statement.sha256) == ("good.csv", hashlib.sha256(Path("good.csv").read_bytes()).hexdigest())
    assert (statement.predicate.result, statement.predicate.rows, statement.predicate.reasons) == ("pass", 200, [])
    assert [one.name for one in statement.predicate.materials] == ["data", "contract"]
    assert statement.predicate.unavailable == ["late"]


def test_bad_data_fails_with_a_reason_a_check() -> None:
    found = report("bad.csv")
    assert (found.result, found.failed_checks) == ("fail", 4)
    assert found.reasons == [
        Reason(
            code="check-failed",
            message="1 of 4 rows of 'age' do not read as integer, first row 2.",
            where="contract.yaml:9",
        ),
        Reason(code="check-failed", message="1 of 4 rows of 'age' are missing, first row 1.", where="contract.yaml:10"),
        Reason(code="check-failed", message="1 of 4 rows of 'age' are below 0, first row 0.", where="contract.yaml:11"),
        Reason(
            code="check-failed",
            message="1 of 4 rows of 'late' do not read as boolean, first row 3.",
            where="contract.yaml:12",
        ),
    ]
    assert [(one.name, one.type, one.nulls) for one in found.columns] == [("age", "integer", 1), ("late", "boolean", 0)]


def test_no_failing_row_is_kept_where_none_is_wanted() -> None:
    assert all(not check.rows for check in report("bad.csv", failing_rows=0).checks)


def test_the_statement_survives_being_stored() -> None:
    statement = run(Inputs(data="bad.csv", contract="contract.yaml", reference="good.csv"))
    assert parse_statement(statement.to_json(), "x") == Statement(statement.name, statement.sha256, statement.predicate)


def test_moved_data_is_drifted() -> None:
    Path("contract.yaml").write_text(CONTRACT + DRIFT)
    Path("moved.csv").write_text("age,late\n" + "5,true\n" * 200)
    moved, same = report("moved.csv", reference="good.csv"), report("good.csv", reference="good.csv")
    assert (moved.drifted, moved.result, moved.reasons[0].code) == (True, "fail", "drift")
    assert (same.drifted, same.result, same.reasons) == (False, "pass", [])
    assert [one.name for one in moved.materials] == ["data", "reference", "contract"]


def test_drift_without_a_reference_is_said_not_to_be_checked() -> None:
    Path("contract.yaml").write_text(CONTRACT + DRIFT)
    found = report()
    assert (found.result, found.drifted) == ("pass", False)
    assert found.reasons == [
        Reason(
            code="not-checked",
            message="drift of 'age' was not checked: no reference was given.",
            where="contract.yaml:14",
        )
    ]


def test_a_warning_is_said_and_fails_nothing() -> None:
    Path("contract.yaml").write_text(
        CONTRACT + "    quality: [{metric: rowCount, mustBeGreaterThan: 1000, severity: warning}]\n"
    )
    found = report()
    assert (found.result, found.reasons[0].code, found.failed_checks) == ("pass", "check-failed-warning", 1)


def test_nothing_checked_is_not_a_pass() -> None:
    head = CONTRACT.split("    properties:")[0]
    Path("contract.yaml").write_text(head + "    quality: [{type: text, description: be good}]\n")
    assert report().result == "inconclusive"


@pytest.mark.parametrize(("severity", "result"), [("error", "fail"), ("warning", "pass")])
def test_strict_takes_what_is_not_checked_for_a_failure(severity: str, result: str) -> None:
    Path("contract.yaml").write_text(
        CONTRACT + f"    quality: [{{type: text, description: be good, severity: {severity}}}]\n"
    )
    assert (report().result, report(strict=True).result) == ("pass", result)
    assert report(strict=True).reasons == [
        Reason(
            code="not-checked",
            message="text was not checked: a rule in words cannot be.",
            where="contract.yaml:13",
        )
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": "empty.csv"}, "the data 'empty.csv' holds no rows. Nothing was checked."),
        ({"data": "nope.csv"}, "the data 'nope.csv' does not exist. Check the path."),
        ({"contract": "nope.yaml"}, "the contract 'nope.yaml' does not exist. Check the path."),
        ({"reference": "nope.csv"}, "the data 'nope.csv' does not exist. Check the path."),
        ({"table": "u"}, "contract.yaml:5: the contract has no table 'u'. Known: t."),
    ],
)
def test_wrong_inputs_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        run(Inputs.model_validate({"data": "good.csv", "contract": "contract.yaml", **given}))
    assert str(caught.value) == message


def test_importing_the_action_imports_no_engine() -> None:
    code = "import sys, mlops_actions.validate_data.action; print({'duckdb', 'narwhals', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_run_leaves_nothing_on_stderr_and_no_file_behind(folder: Path) -> None:
    before = set(folder.rglob("*"))
    code = (
        "from mlops_actions.validate_data.action import Inputs, run\n"
        "for data in ('good.csv', 'bad.csv'): run(Inputs(data=data, contract='contract.yaml', reference='good.csv'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder)
    assert (done.stderr, set(folder.rglob("*"))) == ("", before)


def test_a_table_of_a_database_is_not_known_by_its_bytes(folder: Path) -> None:
    with sqlite3.connect("a.db") as connection:
        connection.execute("CREATE TABLE t AS SELECT 30 AS age, 'true' AS late UNION ALL SELECT -1, 'false'")
    connection.close()
    found = run(Inputs(data="sqlite:a.db#t", contract="contract.yaml"))
    assert found.name == "sqlite:a.db#t"
    assert [reason.message for reason in found.predicate.reasons] == ["1 of 2 rows of 'age' are below 0, first row 1."]
    assert found.predicate.materials[0].kind == "rows+content"
    with pytest.raises(InputError) as caught:
        run(Inputs(data="sqlite:a.db#t", contract="contract.yaml", require_digest="strong"))
    assert str(caught.value) == (
        "require-digest: the data 'sqlite:a.db#t' is known by its rows+content only, not by the SHA-256 of its bytes. "
        "Copy it to files, or set `require-digest: any`."
    )
