"""Custom checks read from a contract: what is wrong is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.custom.drift import Arguments as DriftArguments
from mlops_actions.validate_data.custom.interface import Rule
from mlops_actions.validate_data.custom.kinds import KINDS, kind
from mlops_actions.validate_data.threshold import Threshold
from mlops_actions.yaml_source import parse_yaml

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n"


def read(block: str, *, column: bool = False) -> Rule:
    quality = f"{{type: custom, engine: mlops-actions, {block}}}"
    table = f"    quality:\n      - {quality}\n    properties: [{{name: a}}]\n"
    below = f"    properties:\n      - name: a\n        quality: [{quality}]\n"
    text = HEAD + (below if column else table)
    (rule,) = parse_contract(parse_yaml(text.encode(), "c.yaml", "contract")).custom
    return rule


REFUSED = {
    "implementation: {check: drft}": "c.yaml:8: unknown check 'drft' of mlops-actions. Did you mean 'drift'?",
    "implementation: drift": (
        "c.yaml:8: unknown check None of mlops-actions. "
        "Write implementation: {check: drift, columns: […], method: psi, max: 0.1}."
    ),
    "implementation: {check: drift, max: 1, column: [a]}": ("c.yaml:8: drift has no 'column'. Did you mean 'columns'?"),
    "implementation: {check: drift, columns: [a], method: ks, max: 1}": (
        "c.yaml:8: unknown method 'ks'. Known: chi-square, jensen-shannon, psi, wasserstein."
    ),
    "implementation: {check: drift, columns: [a], max: .inf}": ("c.yaml:8: max is inf: it should be a finite number."),
    "implementation: {check: drift, columns: [a], max: 0}": "c.yaml:8: max is 0: it should be greater than 0.",
    "implementation: {check: drift, columns: [a], max: '1'}": "c.yaml:8: max is '1': it should be a valid number.",
    "implementation: {check: drift, columns: [a]}": (
        "c.yaml:8: drift needs 'max'. The largest distance above noise that passes."
    ),
    "implementation: {check: drift, columns: [], max: 1}": (
        "c.yaml:8: columns is []: List should have at least 1 item after validation, not 0."
    ),
    "implementation: {check: drift, max: 1, season: 'time.moth'}": (
        "c.yaml:8: season is 'time.moth': `time.moth`: column 1: 'moth' is no part of a column. Did you mean 'month'?"
    ),
    "implementation: {check: drift, max: 1, season: 'time[4]'}": (
        "c.yaml:8: season is 'time[4]': a season has no bins; write a column, or a part of a date such as "
        "scheduled.month."
    ),
    "implementation: {check: drift, max: 1}, mustBe: 0": (
        "c.yaml:8: drift counts no rows, so that nothing must be. Its own limit is among its arguments."
    ),
    "implementation: {check: expression, holds: 'a >'}": (
        "c.yaml:8: holds is 'a >': it cannot be read. Write `arrival >= departure`, `abs(total - net) < 0.01` or "
        '`status in ["new", "paid"]`.'
    ),
    "implementation: {check: expression, holds: '1 > 2'}": "c.yaml:8: holds is '1 > 2': it names no column.",
    "implementation: {check: freshness, column: a, max: soon}": (
        "c.yaml:8: max is 'soon': write a duration such as 90s, 5m or 1h."
    ),
    "implementation: {check: volume}": "c.yaml:8: volume is {}: give it min, max or both.",
    "implementation: {check: volume, min: 2, max: 1}": (
        "c.yaml:8: volume is {'min': 2, 'max': 1}: no number of rows can meet both min and max."
    ),
    "implementation: {check: class-balance, column: a}": (
        "c.yaml:8: class-balance is {'column': 'a'}: give it min, max or both."
    ),
    "implementation: {check: schema, allow: [add]}": "c.yaml:8: unknown allow 'add'. Did you mean 'added'?",
    "implementation: {check: identical-rows, against: holdot}": (
        "c.yaml:8: unknown against 'holdot'. Did you mean 'holdout'?"
    ),
}


@pytest.mark.parametrize(("block", "message"), REFUSED.items(), ids=REFUSED)
def test_a_wrong_block_is_refused_with_its_line(block: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(block)
    assert str(caught.value) == message


def test_a_block_below_a_column_is_about_that_column() -> None:
    rule = read("implementation: {check: drift, max: 0.1}, severity: warning", column=True)
    assert (rule.id, rule.severity, rule.threshold) == ("t.a.quality[0].drift", "warning", Threshold())
    assert rule.given(DriftArguments).columns == ["a"]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_documents_each_of_its_arguments(name: str) -> None:
    module = kind(name)
    assert module.Arguments.__doc__
    assert all(field.description for field in module.Arguments.model_fields.values())


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_and_argument_stands_in_the_documentation(name: str) -> None:
    lines = Path("docs/actions/validate-data.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{name}` |")]
    for argument in kind(name).Arguments.model_fields:
        assert f"`{argument}`" in row
