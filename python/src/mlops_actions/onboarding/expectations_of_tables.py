"""Expectations of Great Expectations about a column as a whole, several columns, or the table, in a contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops_actions.onboarding.expectations import Carry, Draft, LostError, in_set, literal, mostly, plain, values_of


def _limits(arguments: dict[str, Any]) -> dict[str, Any]:
    """A range as comparisons."""
    found: dict[str, Any] = {}
    for key, strict, words in (
        ("min_value", "strict_min", ("mustBeGreaterThan", "mustBeGreaterOrEqualTo")),
        ("max_value", "strict_max", ("mustBeLessThan", "mustBeLessOrEqualTo")),
    ):
        limit = arguments.get(key)
        if limit is not None and not isinstance(limit, int | float):
            raise LostError("its limits are no numbers")
        if limit is not None:
            found[words[0] if arguments.get(strict) else words[1]] = plain(limit)
    if not found:
        raise LostError("it has no limits")
    return found


def _aggregate(sql: str, *, of_numbers: bool = True) -> Carry:
    """A number of a whole column, within limits."""

    def carry(draft: Draft, arguments: dict[str, Any]) -> None:
        limits = _limits(arguments)
        name = arguments["column"]
        if of_numbers:
            draft.typed(name, "number")
        draft.query(name, f"SELECT {sql} FROM {{object}}", **limits)  # noqa: S608

    return carry


def _contain_set(draft: Draft, arguments: dict[str, Any]) -> None:
    type_, values = values_of(arguments)
    draft.typed(arguments["column"], type_)
    among = ", ".join(map(literal, values))
    query = f"SELECT count(DISTINCT {{property}}) FROM {{object}} WHERE {{property}} IN ({among})"  # noqa: S608
    draft.query(arguments["column"], query, mustBe=len(set(values)))


def _equal_set(draft: Draft, arguments: dict[str, Any]) -> None:
    in_set(draft, arguments)
    _contain_set(draft, arguments)


def _z_scores(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.typed(arguments["column"], "number")
    score = "({property} - (SELECT avg({property}) FROM {object})) / (SELECT stddev_samp({property}) FROM {object})"
    score = f"abs({score})" if arguments.get("double_sided") else score
    draft.share(arguments["column"], f"{score} >= {literal(arguments['threshold'])}", arguments)


def _row_count(draft: Draft, arguments: dict[str, Any]) -> None:
    for key, word in (("min_value", "mustBeGreaterOrEqualTo"), ("max_value", "mustBeLessOrEqualTo")):
        if arguments.get(key) is not None:
            draft.table.append({"metric": "rowCount", word: arguments[key]})


def _rows(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.table.append({"metric": "rowCount", "mustBe": arguments["value"]})


def _columns(draft: Draft, arguments: dict[str, Any]) -> None:
    if arguments.get("exact_match") is not False:
        raise LostError("that there are no other columns; the check `schema` compares with a reference")
    for column in arguments["column_set"]:
        draft.column(column)


def _together_unique(draft: Draft, arguments: dict[str, Any]) -> None:
    _refuse_share(arguments)
    columns = arguments["column_list"]
    for column in columns:
        draft.column(column)
    if arguments.get("ignore_row_if", "all_values_are_missing") == "any_value_is_missing":
        draft.table.append({"metric": "duplicateValues", "arguments": {"properties": columns}, "mustBe": 0})
    else:
        _among(draft, columns, _unless_missing(columns, arguments), "false", distinct=True)


def _pair(sign: str) -> Carry:
    def carry(draft: Draft, arguments: dict[str, Any]) -> None:
        columns = [arguments["column_A"], arguments["column_B"]]
        for column in columns:
            if sign != "=":
                draft.typed(column, "number")
        chosen = ">=" if sign == ">" and arguments.get("or_equal") else sign
        holds = f"{_name(columns[0])} {chosen} {_name(columns[1])}"
        _refuse_share(arguments)
        _among(draft, columns, _unless_missing(columns, arguments), holds)

    return carry


def _pair_in_set(draft: Draft, arguments: dict[str, Any]) -> None:
    columns = [arguments["column_A"], arguments["column_B"]]
    pairs = [" AND ".join(map(_equal, columns, pair)) for pair in arguments["value_pairs_set"]]
    _refuse_share(arguments)
    _among(draft, columns, _unless_missing(columns, arguments), " OR ".join(f"({pair})" for pair in pairs))


def _sum(draft: Draft, arguments: dict[str, Any]) -> None:
    columns = arguments["column_list"]
    for column in columns:
        draft.typed(column, "number")
    total = " + ".join(f"coalesce({_name(column)}, 0)" for column in columns)
    _refuse_share(arguments)
    _among(draft, columns, _unless_missing(columns, arguments), f"{total} = {literal(arguments['sum_total'])}")


def _unlike_within(draft: Draft, arguments: dict[str, Any]) -> None:
    columns = arguments["column_list"]
    pairs = [(a, b) for place, a in enumerate(columns) for b in columns[place + 1 :]]
    holds = " AND ".join(f"{_name(a)} IS DISTINCT FROM {_name(b)}" for a, b in pairs)
    _refuse_share(arguments)
    _among(draft, columns, _unless_missing(columns, arguments), holds)


def _equal_within(draft: Draft, arguments: dict[str, Any]) -> None:
    first, *others = arguments["column_list"]
    holds = " AND ".join(f"{_name(first)} IS NOT DISTINCT FROM {_name(other)}" for other in others)
    _refuse_share(arguments)
    _among(draft, [first, *others], _unless_missing([first, *others], arguments), holds)


def _unexpected_rows(draft: Draft, arguments: dict[str, Any]) -> None:
    query = str(arguments["unexpected_rows_query"]).replace("{batch}", "{object}").strip().removesuffix(";")
    draft.table.append({"type": "sql", "query": f"SELECT count(*) FROM ({query})", "mustBe": 0})  # noqa: S608


def _refuse_share(arguments: dict[str, Any]) -> None:
    if mostly(arguments) < 1:
        raise LostError("a share of rows; write an `expression` rule with a threshold")


def _unless_missing(columns: Sequence[str], arguments: dict[str, Any]) -> str:
    """SQL that is true for rows that count."""
    default = "both_values_are_missing" if "column_A" in arguments else "all_values_are_missing"
    ignored = arguments.get("ignore_row_if") or default
    if ignored in ("never", "neither"):
        return "true"
    word = " AND " if ignored in ("either_value_is_missing", "any_value_is_missing") else " OR "
    return word.join(f"{_name(column)} IS NOT NULL" for column in columns)


def _among(draft: Draft, columns: Sequence[str], counted: str, holds: str, *, distinct: bool = False) -> None:
    """Add an SQL rule of the table: no row that counts breaks what holds, which nothing missing keeps."""
    for column in columns:
        draft.column(column)
    names = ", ".join(map(_name, columns))
    query = f"SELECT count(*) FROM {{object}} WHERE ({counted}) AND NOT coalesce({holds}, false)"  # noqa: S608
    if distinct:
        rows = f"SELECT {names} FROM {{object}} WHERE {counted}"  # noqa: S608
        query = f"SELECT (SELECT count(*) FROM ({rows})) - (SELECT count(*) FROM (SELECT DISTINCT * FROM ({rows})))"  # noqa: S608
    draft.table.append({"type": "sql", "query": query, "mustBe": 0})


def _name(column: str) -> str:
    if "{" in column:
        raise LostError(f"the name {column!r} cannot stand in SQL")
    return '"' + column.replace('"', '""') + '"'


def _equal(column: str, value: Any) -> str:
    return f"{_name(column)} IS NULL" if value is None else f"{_name(column)} = {literal(value)}"


OF_TABLES: dict[str, Carry] = {
    "expect_column_min_to_be_between": _aggregate("min({property})"),
    "expect_column_max_to_be_between": _aggregate("max({property})"),
    "expect_column_mean_to_be_between": _aggregate("avg({property})"),
    "expect_column_median_to_be_between": _aggregate("median({property})"),
    "expect_column_sum_to_be_between": _aggregate("sum({property})"),
    "expect_column_stdev_to_be_between": _aggregate("stddev_samp({property})"),
    "expect_column_unique_value_count_to_be_between": _aggregate("count(DISTINCT {property})", of_numbers=False),
    "expect_column_proportion_of_unique_values_to_be_between": _aggregate(
        "count(DISTINCT {property}) / count({property})", of_numbers=False
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": _aggregate(
        "count({property}) / count(*)", of_numbers=False
    ),
    "expect_column_distinct_values_to_be_in_set": in_set,
    "expect_column_distinct_values_to_contain_set": _contain_set,
    "expect_column_distinct_values_to_equal_set": _equal_set,
    "expect_column_value_z_scores_to_be_less_than": _z_scores,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair(">"),
    "expect_column_pair_values_to_be_equal": _pair("="),
    "expect_column_pair_values_to_be_in_set": _pair_in_set,
    "expect_compound_columns_to_be_unique": _together_unique,
    "expect_multicolumn_sum_to_equal": _sum,
    "expect_select_column_values_to_be_unique_within_record": _unlike_within,
    "expect_multicolumn_values_to_be_unique": _unlike_within,
    "expect_multicolumn_values_to_be_equal": _equal_within,
    "expect_table_columns_to_match_set": _columns,
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _rows,
    "unexpected_rows_expectation": _unexpected_rows,
}
"""What has a counterpart that means the same."""

WHY_LOST = {
    "expect_column_values_to_be_increasing": "rows of a contract have no order",
    "expect_column_values_to_be_decreasing": "rows of a contract have no order",
    "expect_column_kl_divergence_to_be_less_than": "the check `drift` compares with a reference",
    "expect_column_quantile_values_to_be_between": "it takes the nearest value, SQL a share of two; "
    "write a `type: sql` rule with quantile_cont",
    "expect_column_most_common_value_to_be_in_set": "of values that are equally common any may "
    "come first; write a `type: sql` rule with mode",
    "expect_column_values_to_not_be_outliers": "its limits are cases of their own where values hardly differ; "
    "write a `type: sql` rule",
    "expect_query_results_to_match_comparison": "the results of two queries",
    "expect_column_values_to_be_dateutil_parseable": "what its parser takes for a date has no name; "
    "give the column a `format`",
    "expect_column_values_to_match_json_schema": "a schema of text in a cell",
    "expect_table_column_count_to_equal": "the number of columns; the check `schema` compares with a reference",
    "expect_table_column_count_to_be_between": "the number of columns; the check `schema` compares with a reference",
    "expect_table_columns_to_match_ordered_list": "columns of a contract have no order",
    "expect_table_row_count_to_equal_other_table": "the other table; the check `volume` compares with a reference",
}
"""What has none."""
