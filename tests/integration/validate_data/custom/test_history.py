"""The usual volume comes from the reports that earlier runs left in the evidence folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.data_report import CheckResult, DataReport
from mlops_actions.validate_data.action import Inputs, run

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    quality:
      - {type: custom, engine: mlops-actions, implementation: {check: volume, min: 0.5, max: 2, last: 3}}
    properties: [{name: id, required: true}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("contract.yaml").write_text(CONTRACT)


def volume(rows: int, *, keep: bool = True, bad: bool = False) -> CheckResult:
    Path(f"{rows}.csv").write_text("id\n" + "".join(f"{place}\n" for place in range(rows)) + '""\n' * bad)
    statement = run(Inputs(data=f"{rows}.csv", contract="contract.yaml"))
    if keep:
        EvidenceStore("mlops-evidence").write(statement)
    report: DataReport = statement.predicate
    return next(check for check in report.checks if check.check == "volume")


def test_three_earlier_reports_make_a_history() -> None:
    assert [volume(rows).result for rows in (10, 12, 14)] == ["not-checked"] * 3
    assert volume(30, keep=False).result == "fail"
    assert volume(20, keep=False).message == (
        "there are 20 rows, 1.67 times the median of 3 earlier reports (12); it has to be at least 0.5 and at most 2."
    )


def test_failed_reports_other_contracts_and_the_same_data_again_are_no_history() -> None:
    for rows in (10, 10, 12):
        volume(rows)
    volume(5000, bad=True)
    Path("contract.yaml").rename("other.yaml")
    Path("contract.yaml").write_text(CONTRACT.replace("name: t", "name: u"))
    for rows in (100, 110, 120):
        volume(rows)
    Path("other.yaml").rename("contract.yaml")
    assert volume(11).message == (
        "volume was not checked: 2 earlier reports by this contract passed, and 3 are needed."
    )
