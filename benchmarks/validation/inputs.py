"""What every measurement reads, and the contracts: python inputs.py FOLDER ROWS CSV_ROWS LARGE_ROWS"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
servers:
  - {{server: local, type: local, path: {folder}/orders.parquet, format: parquet}}
schema:
"""
CONTRACT = """\
  - name: orders
    quality: [{metric: rowCount, mustBeGreaterThan: 10}]
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - {name: age, logicalType: integer, required: true, logicalTypeOptions: {minimum: 0, maximum: 120}}
      - {name: amount, logicalType: number, required: true, logicalTypeOptions: {exclusiveMinimum: 0}}
      - {name: status, logicalType: string, required: true, enum: [{value: new}, {value: paid}, {value: sent}]}
      - {name: email, logicalType: string, required: true, logicalTypeOptions: {pattern: '^[^@ ]+@[^@ ]+$'}}
      - {name: country, logicalType: string, required: true, logicalTypeOptions: {minLength: 2, maxLength: 2}}
      - {name: score, logicalType: number, logicalTypeOptions: {minimum: -6, maximum: 6}}
      - {name: created, logicalType: timestamp, required: true, logicalTypeOptions: {minimum: '2024-01-01T00:00:00'}}
      - {name: day, logicalType: date, required: true, logicalTypeOptions: {maximum: '2024-12-31'}}
      - {name: active, logicalType: boolean}
      - {name: note, logicalType: string, logicalTypeOptions: {maxLength: 40}}
      - {name: shop, logicalType: integer, required: true}
"""
ORDERS = """
    SELECT i AS id, CAST(i * 7919 % 90 AS INTEGER) AS age, round(random() * 500 + 0.01, 2) AS amount,
        ['new', 'paid', 'sent'][i % 3 + 1] AS status, 'user' || (i * 31 % 1000003) || '@example.org' AS email,
        ['DE', 'FR', 'US', 'JP', 'BR'][i % 5 + 1] AS country, random() * 8 - 4 AS score,
        TIMESTAMP '2024-01-01' + INTERVAL (i % 31000000) SECOND AS created,
        DATE '2024-01-01' + CAST(i % 360 AS INTEGER) AS day, i % 2 = 0 AS active,
        CASE WHEN i % 4 = 0 THEN NULL ELSE 'note ' || (i % 5000) END AS note, CAST(i % 400 AS SMALLINT) AS shop
    FROM range({rows}) AS numbers(i)
"""
BROKEN = """
    SELECT * REPLACE (age + 200 AS age, CASE WHEN id % 10 = 0 THEN repeat('long ', 9) ELSE note END AS note)
    FROM '{folder}/orders.parquet'
"""
"""1.1 failing cells a row."""
WIDE_COLUMNS, WIDE_ROWS = 1_000, 100_000
DRIFTED_ROWS = 1_000_000
SIDE = """
    SELECT random() * 10 AS a, random() + random() AS b, -ln(1 - random()) AS c,
        CASE WHEN random() < 0.05 THEN NULL ELSE random() END AS d, (random() * 90)::INTEGER AS e,
        random() + {shift} AS f, chr(65 + (random() * 12)::INTEGER) AS g, 'w' || (random() * 300)::INTEGER AS h
    FROM range({rows})
"""
DRIFT = """\
  - name: sides
    quality:
      - type: custom
        engine: mlops-actions
        implementation: {check: drift, columns: [a, b, c, d, e, f, g, h], max: 0.1, method: psi}
    properties: [{name: a}]
"""


def main(folder: str, rows: int, csv_rows: int, large_rows: int) -> None:
    connection = duckdb.connect(config={"memory_limit": "2GB"})
    connection.execute("SELECT setseed(0.1)")

    def copy(select: str, name: str) -> None:
        connection.execute(f"COPY ({select}) TO '{folder}/{name}'")

    copy(ORDERS.format(rows=rows), "orders.parquet")
    copy(BROKEN.format(folder=folder), "broken.parquet")
    copy(f"FROM '{folder}/orders.parquet' LIMIT 100", "few.parquet")
    copy(ORDERS.format(rows=csv_rows), "orders.csv")
    if large_rows:
        copy(ORDERS.format(rows=large_rows), "large.parquet")
    numbers = ("(random() * 100)::INTEGER", "random()")
    wide = ", ".join(f"{numbers[place % 2]} AS c{place}" for place in range(WIDE_COLUMNS))
    copy(f"SELECT {wide} FROM range({WIDE_ROWS})", "wide.parquet")
    for name, shift in (("reference", 0), ("moved", 0.2)):
        copy(SIDE.format(rows=DRIFTED_ROWS, shift=shift), f"{name}.parquet")

    types = ("integer", "number")
    asked = [
        f"      - {{name: c{place}, logicalType: {types[place % 2]}, required: true, "
        "logicalTypeOptions: {minimum: 0, maximum: 100}}"
        for place in range(WIDE_COLUMNS)
    ]
    contracts = {
        "contract": CONTRACT,
        "plain": CONTRACT.replace(", unique: true", ""),
        "wide": "\n".join(["  - name: wide", "    properties:", *asked, ""]),
        "drift": DRIFT,
    }
    for name, text in contracts.items():
        Path(folder, f"{name}.yaml").write_text(HEAD.format(folder=folder) + text)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
