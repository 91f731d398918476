"""A peer at the same checks, in the peer's environment and the folder that inputs.py filled: python peers.py NAME DATA

The whole process is timed from outside, but for Evidently, which tells what it took from files to distances. Where a
peer has no such check, it gets the nearest that it has.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path

REQUIRED = ("id", "age", "amount", "status", "email", "country", "created", "day", "shop")
SODA = """\
dataset: orders/memory/main/orders
checks: [{row_count: {threshold: {must_be_greater_than: 10}}}]
columns:
  - {name: id, checks: [{missing: }, {duplicate: }]}
  - name: age
    checks: [{missing: }, {invalid: {qualifier: low, valid_min: 0}}, {invalid: {qualifier: high, valid_max: 120}}]
  - {name: amount, checks: [{missing: }, {invalid: {valid_min: 0.01}}]}
  - {name: status, checks: [{missing: }, {invalid: {valid_values: [new, paid, sent]}}]}
  - name: email
    checks: [{missing: }, {invalid: {valid_format: {name: address, regex: '^[^@ ]+@[^@ ]+$'}}}]
  - name: country
    checks:
      - {missing: }
      - {invalid: {qualifier: short, valid_min_length: 2}}
      - {invalid: {qualifier: long, valid_max_length: 2}}
  - name: score
    checks: [{invalid: {qualifier: low, valid_min: -6}}, {invalid: {qualifier: high, valid_max: 6}}]
  - {name: created, checks: [{missing: }, {failed_rows: {expression: "created < TIMESTAMP '2024-01-01'"}}]}
  - {name: day, checks: [{missing: }, {failed_rows: {expression: "day > DATE '2024-12-31'"}}]}
  - {name: note, checks: [{invalid: {valid_max_length: 40}}]}
  - {name: shop, checks: [{missing: }]}
"""


def soda(data: str) -> None:
    """On DuckDB, the Parquet file as a view."""
    import duckdb
    from soda_core.contracts.api import verify_contract_locally
    from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

    Path("soda.yaml").write_text(SODA)
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS FROM '{data}'")
    source = DuckDBDataSourceImpl.from_existing_cursor(connection, "orders")
    found = verify_contract_locally(data_sources=[source], contract_file_path="soda.yaml")
    outcomes = [str(one.outcome) for one in found.contract_verification_results[0].check_results]
    passed(outcomes.count("CheckOutcome.PASSED"), found.has_errors)


def great_expectations(data: str) -> None:
    """On pandas."""
    import great_expectations as gx
    import great_expectations.expectations as ask
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    frame = pd.read_parquet(data)
    asset = context.data_sources.add_pandas("orders").add_dataframe_asset("orders")
    expectations = [
        ask.ExpectTableRowCountToBeBetween(min_value=11),
        ask.ExpectColumnValuesToBeUnique(column="id"),
        *(ask.ExpectColumnValuesToNotBeNull(column=name) for name in REQUIRED),
        ask.ExpectColumnValuesToBeBetween(column="age", min_value=0),
        ask.ExpectColumnValuesToBeBetween(column="age", max_value=120),
        ask.ExpectColumnValuesToBeBetween(column="amount", min_value=0, strict_min=True),
        ask.ExpectColumnValuesToBeInSet(column="status", value_set=["new", "paid", "sent"]),
        ask.ExpectColumnValuesToMatchRegex(column="email", regex="^[^@ ]+@[^@ ]+$"),
        ask.ExpectColumnValueLengthsToBeBetween(column="country", min_value=2),
        ask.ExpectColumnValueLengthsToBeBetween(column="country", max_value=2),
        ask.ExpectColumnValuesToBeBetween(column="score", min_value=-6),
        ask.ExpectColumnValuesToBeBetween(column="score", max_value=6),
        ask.ExpectColumnValuesToBeBetween(column="created", min_value=pd.Timestamp("2024-01-01")),
        ask.ExpectColumnValuesToBeBetween(column="day", max_value=pd.Timestamp("2024-12-31").date()),
        ask.ExpectColumnValueLengthsToBeBetween(column="note", max_value=40),
    ]
    suite = context.suites.add(gx.ExpectationSuite(name="orders", expectations=expectations))
    batch = asset.add_batch_definition_whole_dataframe("all")
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="orders", data=batch, suite=suite))
    found = definition.run(batch_parameters={"dataframe": frame})
    passed(sum(one.success for one in found.results), not found.success)


def pandera(data: str) -> None:
    """On pandas, lazily, so that all checks are made."""
    import pandas as pd
    import pandera.pandas as pa
    from pandera.pandas import Check, Column

    frame = pd.read_parquet(data)
    columns = {
        "id": Column(unique=True),
        "age": Column(checks=[Check.ge(0), Check.le(120)]),
        "amount": Column(checks=Check.gt(0)),
        "status": Column(checks=Check.isin(["new", "paid", "sent"])),
        "email": Column(checks=Check.str_matches("^[^@ ]+@[^@ ]+$")),
        "country": Column(checks=[Check.str_length(min_value=2), Check.str_length(max_value=2)]),
        "score": Column(checks=[Check.ge(-6), Check.le(6)], nullable=True),
        "created": Column(checks=Check.ge(pd.Timestamp("2024-01-01"))),
        "day": Column(checks=Check.le(pd.Timestamp("2024-12-31").date())),
        "active": Column(nullable=True),
        "note": Column(checks=Check.str_length(max_value=40), nullable=True),
        "shop": Column(),
    }
    pa.DataFrameSchema(columns, checks=Check(lambda rows: len(rows) > 10)).validate(frame, lazy=True)


def evidently(reference: str, moved: str) -> None:
    """PSI of eight columns."""
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    begin = time.perf_counter()
    sides = [pd.read_parquet(path) for path in (reference, moved)]
    json.loads(Report([DataDriftPreset(method="psi")]).run(sides[1], sides[0]).json())
    print(json.dumps({"seconds": time.perf_counter() - begin}))


def passed(count: int, failed: bool) -> None:
    if failed or count != 23:
        raise SystemExit(f"{count} of 23 checks pass on data that was made to pass all")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # nobody is told of a measurement, and none waits for a server that does not answer
    os.environ |= {"SODA_CORE_TELEMETRY_ENABLED": "false", "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    works = {"soda": soda, "gx": great_expectations, "pandera": pandera, "evidently": evidently}
    works[sys.argv[1]](*sys.argv[2:])
