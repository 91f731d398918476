"""Check data against its contract, and for drift from what the model was trained on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mlops_actions.ci.inputs import FILES, CommonInputs, CommonOutputs, Pairs
from mlops_actions.errors import InputError
from mlops_actions.evidence import Material, Reason, Result, Statement
from mlops_actions.evidence.data_report import CheckResult, Column, DataReport, Drift

if TYPE_CHECKING:
    from mlops_actions.tables import Scanned, Table
    from mlops_actions.validate_data.contract import Tables
    from mlops_actions.validate_data.custom.reference import Report
    from mlops_actions.validate_data.rules import Contract

_logger = logging.getLogger(__name__)

_SHOWN = 5


class Inputs(CommonInputs):
    """What validate-data takes."""

    data: Annotated[str | None, FILES] = Field(
        None,
        description="The data, unless a server of the contract says where it is: a Parquet, CSV, JSON lines or Arrow "
        "file, a glob or a folder of them, a Delta Lake table, any of these at `s3://`, `gs://`, `az://` or "
        "`https://`, `sqlite:file.db#table`, `postgresql://host/database#schema.table`, or `-` for standard input.",
    )
    contract: Annotated[str, FILES] = Field(description="The contract, in the Open Data Contract Standard 3.")
    table: str | None = Field(
        None, description="The table of the contract that `data` or `server` is, where it describes several."
    )
    tables: Pairs = Field(
        {},
        description="Further tables of the contract to check, and to look references up in: `name=location`, one a "
        "line.",
    )
    server: str | None = Field(
        None, description="The server of the contract that says where the data is, where it names several."
    )
    reference: Annotated[str | None, FILES] = Field(
        None, description="What to measure drift from: data, such as the training data, or a report with its `profile`."
    )
    holdout: Annotated[str | None, FILES] = Field(
        None, description="The other split, such as the test data beside training data, to find leaks between them."
    )
    profile: bool = Field(
        False, description="Keep in the report what later data can be compared with, instead of this data itself."
    )
    engine: str = Field(
        "duckdb",
        description="Where the data is scanned: `duckdb`, `spark`, or `sc://host:port` (Spark Connect).",
    )
    require_digest: Literal["any", "strong"] = Field(
        "any",
        description="`strong` refuses data that is not known by the SHA-256 of its bytes: tables of databases, Delta "
        "Lake versions, and what is too large to be copied from a bucket.",
    )
    failing_rows: int = Field(
        5,
        ge=0,
        le=1000,
        description="How many failing rows to keep of each check: their numbers, counted from 0, and their cells. Of "
        "columns that the contract classifies as personal, keys beside them, and columns that it does not describe no "
        "cell is kept.",
    )
    strict: bool = Field(False, description="Whether what the contract asks and cannot be checked is a failure.")


class Outputs(CommonOutputs):
    """What validate-data gives."""

    drifted: bool = Field(False, description="Whether a column moved further than its limit; retrain when `true`.")
    rows: int = Field(0, description="Rows in the data.")
    failed_checks: int = Field(0, description="Checks that failed, warnings included.")


def check(inputs: Inputs) -> None:
    """Raise InputError for a contract that cannot be read; a train asks before it starts."""
    from mlops_actions.validate_data.contract import Tables
    from mlops_actions.validate_data.locations import locate

    contract = Tables(inputs.contract)
    for name in locate(inputs, contract):
        contract.read(name)


def run(inputs: Inputs) -> Statement[DataReport]:
    """Scan the data once. Raises InputError when there is nothing to check, or nothing to check it by."""
    from mlops_actions.tables import open_table
    from mlops_actions.validate_data.contract import Tables
    from mlops_actions.validate_data.custom.reference import open_reference
    from mlops_actions.validate_data.locations import locate

    asked_of = Tables(inputs.contract)
    places = locate(inputs, asked_of)
    tables = {name: open_table(place, inputs.engine) for name, place in places.items()}
    reference = open_reference(inputs.reference, inputs.engine) if inputs.reference else None
    holdout = open_table(inputs.holdout, inputs.engine) if inputs.holdout else None
    return examine(inputs, asked_of, tables, reference, holdout)


def examine(
    inputs: Inputs,
    asked_of: Tables,
    tables: Mapping[str, Table],
    reference: Table | Report | None,
    holdout: Table | None,
) -> Statement[DataReport]:
    """Hold opened tables against the contract; the first of them is what the report is about."""
    from mlops_actions.validate_data.across import in_order, judge_across
    from mlops_actions.validate_data.custom.asking import ask, measures
    from mlops_actions.validate_data.custom.history import earlier_rows
    from mlops_actions.validate_data.custom.reference import make_profile, read_reference
    from mlops_actions.validate_data.failing import show_failing
    from mlops_actions.validate_data.inspection import inspect
    from mlops_actions.validate_data.written import as_written

    contracts = {name: asked_of.read(name) for name in tables}
    raw = tables
    tables = {name: as_written(contracts[name], table) for name, table in raw.items()}
    first, *further = tables
    contract, data = contracts[first], tables[first]
    holdout = as_written(contract, holdout) if holdout else None
    opened = {
        "data": data,
        "reference": reference,
        "holdout": holdout,
        **{f"data:{name}": tables[name] for name in further},
    }
    # hashing lets go of the interpreter, so the files are hashed while they are scanned
    with ThreadPoolExecutor(max_workers=1) as beside:
        digests = [beside.submit(one.material, name) for name, one in opened.items() if one]
        wanted = measures(contract, data)
        known = read_reference(reference, wanted, contract) if reference else None
        earlier = partial(earlier_rows, inputs.evidence, contract)
        asked = ask(contract, data, reference=known, holdout=holdout, earlier=earlier, first=inputs.failing_rows)
        _logger.info("Checking %s: %d columns, %d checks.", data.location, len(data.stored), len(contract.checks))
        inspections = {first: inspect(contract, data, inputs.failing_rows, asked.scan)}
        inspections |= {name: inspect(contracts[name], tables[name], inputs.failing_rows) for name in further}
        found = asked.judge(inspections[first].scanned)
        profile = make_profile(data, wanted, contract) if inputs.profile else []
        across = judge_across(inspections, inputs.failing_rows, datetime.now(UTC).replace(tzinfo=None))
        checks = [*in_order(inspections, across), *found.checks]
        failing, hidden = show_failing(contracts, raw, checks)
        materials = [digest.result() for digest in digests]
    if inputs.require_digest == "strong":
        _refuse_weak(materials)
    scanned = inspections[first].scanned
    report = _report(contract, data, scanned, checks, list(found.drift), materials, strict=inputs.strict)
    report = report.model_copy(update={"profile": profile, "failing_rows": failing, "withheld": hidden})
    return Statement(name=data.location, sha256=materials[0].digest["sha256"], predicate=report)


def _refuse_weak(materials: Sequence[Material]) -> None:
    for one in materials:
        if one.kind != "sha256":
            raise InputError(
                f"the {one.name} {one.uri!r} is known by its {one.kind} only, not by the SHA-256 of its bytes.",
                where="require-digest",
                hint="Copy it to files, or set `require-digest: any`.",
            )


def _report(
    contract: Contract,
    data: Table,
    scanned: Scanned,
    checks: list[CheckResult],
    drift: list[Drift],
    materials: list[Material],
    *,
    strict: bool,
) -> DataReport:
    types = {column.name: column.type for column in contract.properties}
    return DataReport(
        result=_result([*checks, *_alone(drift)], strict=strict),
        reasons=_reasons(checks, drift),
        materials=[
            *materials,
            Material(name="contract", uri=contract.path, digest={"sha256": contract.sha256}),
        ],
        rows=scanned.rows,
        columns=[
            Column(
                name=name,
                type=types.get(name) or stored,
                nulls=scanned.missing[name].count,
                stored=stored if types.get(name) not in (None, stored) else None,
            )
            for name, stored in data.stored.items()
        ],
        checks=checks,
        drift=drift,
        unavailable=list(
            dict.fromkeys(column.within or column.name for column in contract.properties if not column.available)
        ),
    )


def _alone(drift: list[Drift]) -> list[Drift]:
    """Those that count by themselves: a column of which a share may move fails only with the others, by a check."""
    return [one for one in drift if one.share is None or one.result == "not-checked"]


def _result(found: Sequence[CheckResult | Drift], *, strict: bool) -> Result:
    """A warning fails nothing; where nothing at all could be checked, nothing is shown either."""
    failing = ("fail", "not-checked") if strict else ("fail",)
    if any(one.result in failing and one.severity == "error" for one in found):
        return "fail"
    return "inconclusive" if all(one.result == "not-checked" for one in found) else "pass"


def _reasons(checks: list[CheckResult], drift: list[Drift]) -> list[Reason]:
    """One for each failure; what was not checked is one together, so that it is said and does not drown them."""
    said: list[tuple[CheckResult | Drift, str, str]] = [(one, "check-failed", one.message) for one in checks]
    said += [(one, "drift", one.message) for one in _alone(drift)]
    reasons = [
        Reason(code=code if one.severity == "error" else f"{code}-warning", message=message, where=one.where)
        for one, code, message in said
        if one.result == "fail"
    ]
    unchecked = [(one.where, message) for one, _, message in said if one.result == "not-checked"]
    if unchecked:
        more = f" And {len(unchecked) - _SHOWN} more." if len(unchecked) > _SHOWN else ""
        message = " ".join(message for _, message in unchecked[:_SHOWN]) + more
        reasons.append(Reason(code="not-checked", message=message, where=unchecked[0][0]))
    return reasons
