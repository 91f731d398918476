"""Great Expectations and the contract that an expectation of its becomes give the same answer about the same rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
import pytest
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

from mlops_actions.onboarding.expectations import OF_VALUES
from mlops_actions.onboarding.expectations_of_tables import OF_TABLES, WHY_LOST
from mlops_actions.onboarding.import_expectations import carry_over, write
from mlops_actions.validate_data.frames import validate

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_to_exist", {"column": "n"}),
    *(("expect_column_values_to_not_be_null", {"column": "n", "mostly": share}) for share in (1, 0.9, 0.5)),
    *(("expect_column_values_to_be_null", {"column": "n", "mostly": share}) for share in (1, 0.05)),
    *(("expect_column_values_to_be_unique", {"column": name}) for name in ("s", "id")),
    *(("expect_column_values_to_be_unique", {"column": "few", "mostly": share}) for share in (0.8, 0.2)),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": -9, "max_value": 9}),
    ("expect_column_values_to_be_between", {"column": "n", "min_value": 0}),
    ("expect_column_values_to_be_between", {"column": "m", "max_value": 9, "strict_max": True}),
    *(("expect_column_values_to_be_between", {"column": "n", "min_value": 0, "mostly": share}) for share in (0.6, 0.4)),
    ("expect_column_values_to_be_in_set", {"column": "s", "value_set": ["ab", "abc", "b", "it's", "x y"]}),
    ("expect_column_values_to_be_in_set", {"column": "m", "value_set": [1, 2]}),
    *(
        ("expect_column_values_to_be_in_set", {"column": "s", "value_set": ["ab", "b"], "mostly": s})
        for s in (0.9, 0.3)
    ),
    ("expect_column_values_to_not_be_in_set", {"column": "s", "value_set": ["nope"]}),
    ("expect_column_values_to_not_be_in_set", {"column": "s", "value_set": ["it's", "b"]}),
    *(("expect_column_values_to_match_regex", {"column": "s", "regex": one}) for one in ("a|b|i|x", "b", "^a|b", "")),
    ("expect_column_values_to_match_regex", {"column": "s", "regex": "a", "mostly": 0.3}),
    ("expect_column_values_to_match_regex_list", {"column": "s", "regex_list": ["a", "b", "i", "x"]}),
    ("expect_column_values_to_match_regex_list", {"column": "s", "regex_list": ["a", "ab"], "match_on": "all"}),
    ("expect_column_values_to_not_match_regex", {"column": "s", "regex": "q"}),
    ("expect_column_values_to_not_match_regex", {"column": "s", "regex": "b{1}"}),
    ("expect_column_values_to_not_match_regex_list", {"column": "s", "regex_list": ["q", "bc"]}),
    ("expect_column_values_to_match_strftime_format", {"column": "day", "strftime_format": "%Y-%m-%d"}),
    ("expect_column_values_to_match_strftime_format", {"column": "s", "strftime_format": "%Y-%m-%d"}),
    ("expect_column_values_to_be_json_parseable", {"column": "json"}),
    ("expect_column_values_to_be_json_parseable", {"column": "s"}),
    ("expect_column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "max_value": 4}),
    ("expect_column_value_lengths_to_be_between", {"column": "s", "min_value": 1, "strict_min": True}),
    ("expect_column_value_lengths_to_be_between", {"column": "s", "max_value": 2, "mostly": 0.3}),
    *(("expect_column_value_lengths_to_equal", {"column": name, "value": 10}) for name in ("day", "s")),
    *(("expect_column_values_to_be_of_type", {"column": "n", "type_": type_}) for type_ in ("float64", "bool")),
    ("expect_column_values_to_be_in_type_list", {"column": "m", "type_list": ["int64", "int32"]}),
    *(
        (f"expect_column_{what}_to_be_between", {"column": "n", "min_value": low, "max_value": high})
        for what in ("min", "max", "mean", "median", "sum", "stdev")
        for low, high in ((-1e4, 1e4), (1.5, 2), (None, -1e3))
    ),
    ("expect_column_max_to_be_between", {"column": "m", "min_value": 5, "max_value": 9, "strict_max": True}),
    *(("expect_column_unique_value_count_to_be_between", {"column": "s", "max_value": high}) for high in (5, 4)),
    *(
        (
            f"expect_column_proportion_of_{what}_values_to_be_between",
            {"column": "few", "min_value": 0.1, "max_value": 0.9},
        )
        for what in ("unique", "non_null")
    ),
    ("expect_column_distinct_values_to_be_in_set", {"column": "s", "value_set": ["ab"]}),
    *(("expect_column_distinct_values_to_contain_set", {"column": "s", "value_set": v}) for v in (["ab", "b"], ["z"])),
    ("expect_column_distinct_values_to_equal_set", {"column": "s", "value_set": ["ab", "abc", "b", "it's", "x y"]}),
    (
        "expect_column_distinct_values_to_equal_set",
        {"column": "s", "value_set": ["ab", "abc", "b", "it's", "x y", "z"]},
    ),
    *(
        ("expect_column_value_z_scores_to_be_less_than", {"column": "n", "threshold": limit, "double_sided": both})
        for limit, both in ((1, True), (9, True), (1.5, False))
    ),
    *(
        ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": a, "column_B": "n", "ignore_row_if": ignored})
        for a in ("n", "more")
        for ignored in ("both_values_are_missing", "either_value_is_missing", "neither")
    ),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "more", "column_B": "m", "or_equal": True}),
    *(
        ("expect_column_pair_values_to_be_equal", {"column_A": a, "column_B": "s", "ignore_row_if": ignored})
        for a in ("s", "few")
        for ignored in ("both_values_are_missing", "either_value_is_missing")
    ),
    ("expect_column_pair_values_to_be_in_set", {"column_A": "s", "column_B": "few", "value_pairs_set": [["ab", "u"]]}),
    *(
        ("expect_compound_columns_to_be_unique", {"column_list": columns, "ignore_row_if": ignored})
        for columns in (["few", "s"], ["id", "n"])
        for ignored in ("all_values_are_missing", "any_value_is_missing")
    ),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["m", "less"], "sum_total": 0}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["m", "n"], "sum_total": 3}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["s", "few", "day"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["id", "less", "more"]}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["s", "s2"]}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["s", "few"]}),
    *(("expect_column_type_to_be", {"column": "m", "type_": type_}) for type_ in ("int64", "bool")),
    ("expect_table_columns_to_match_set", {"column_set": ["n", "s"], "exact_match": False}),
    ("expect_table_columns_to_match_set", {"column_set": ["n", "lost"], "exact_match": False}),
    *(("expect_table_row_count_to_be_between", {"min_value": low, "max_value": 90}) for low in (60, 61)),
    *(("expect_table_row_count_to_equal", {"value": rows}) for rows in (60, 59)),
]
NOT_OF_PANDAS = {
    "expect_multicolumn_values_to_be_unique", "unexpected_rows_expectation",
    *(f"expect_column_values_to_{no}match_like_pattern{many}" for no in ("", "not_") for many in ("", "_list")),
}  # fmt: skip
"""Great Expectations has these of databases only, or under another name."""


COUNTED_OTHERWISE = {"type", "present", "sql", "rowCount", "unique", "duplicateValues"}
"""Great Expectations counts every row of a repeated value, the first one too."""


def make(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = 60

    def holes(values: Any, share: float) -> pd.Series:
        return pd.Series(values, dtype=object).mask(pd.Series(random.random(rows) < share))

    n = holes(random.normal(0, 3, rows).round(3).tolist(), 0.2).astype("float64")
    m = random.integers(0, 10, rows)
    s = holes(random.choice(["ab", "abc", "b", "it's", "x y"], rows).tolist(), 0.1)
    return pd.DataFrame(
        {
            "id": range(rows),
            "n": n,
            "more": n.fillna(99) + 1,
            "m": m,
            "less": -m,
            "s": s,
            "s2": s,
            "few": holes(random.choice(["u", "v", "w"], rows).tolist(), 0.1),
            "day": [f"2024-01-{day:02}" for day in random.integers(1, 29, rows)],
            "json": random.choice(["{}", "[1, 2]", "null", '"x"'], rows),
        }
    )


@pytest.fixture(scope="module")
def ask() -> Callable[[pd.DataFrame, str, dict[str, Any]], Any]:
    """What Great Expectations makes of a frame."""
    warnings.simplefilter("ignore")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("frames").add_dataframe_asset("rows")
    definition = source.add_batch_definition_whole_dataframe("whole")

    def asked(frame: pd.DataFrame, kind: str, arguments: dict[str, Any]) -> Any:
        batch = definition.get_batch({"dataframe": frame})
        return batch.validate(get_expectation_impl(kind)(**arguments))

    return asked


def ours(frame: pd.DataFrame, kind: str, arguments: dict[str, Any], folder: Path) -> Any:
    draft, lost = carry_over([{"type": kind, "kwargs": arguments}])
    assert lost == []
    (folder / "contract.yaml").write_text(write("suite", draft, lost))
    return validate(frame, str(folder / "contract.yaml"))


@pytest.mark.parametrize("seed", range(2))
def test_every_expectation_is_answered_alike(
    seed: int, ask: Callable[[pd.DataFrame, str, dict[str, Any]], Any], tmp_path: Path
) -> None:
    frame = make(seed)
    differing, answers = [], set()
    for kind, arguments in ASKED:
        theirs, report = ask(frame, kind, arguments), ours(frame, kind, arguments, tmp_path)
        assert not any(one.result == "not-checked" for one in report.checks), (kind, arguments)
        answers.add(theirs.success)
        if theirs.success != (report.result == "pass"):
            differing.append((kind, arguments, theirs.success, [one.message for one in report.checks]))
        failed = [one for one in report.checks if one.check not in COUNTED_OTHERWISE]
        whole = "mostly" not in arguments and "distinct" not in kind
        if whole and len(failed) == 1 and "unexpected_count" in theirs.result:
            assert failed[0].failed == theirs.result["unexpected_count"], (kind, arguments)
    assert differing == []
    assert answers == {True, False}


def test_every_expectation_of_its_own_is_carried_over_or_named_as_lost() -> None:
    known = {
        name for name in list_registered_expectation_implementations() if name.startswith(("expect_", "unexpected"))
    }
    assert known - set(OF_VALUES | OF_TABLES) - set(WHY_LOST) == set()
    assert {kind for kind, _ in ASKED} == set(OF_VALUES | OF_TABLES) - NOT_OF_PANDAS
