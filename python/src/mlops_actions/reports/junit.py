"""Statements as JUnit XML, which CI systems list beside tests: one suite a statement, one case a rule or check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mlops_actions.evidence.data_report import FailingRow
from mlops_actions.evidence.statement import Predicate, Statement

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SKIPPED = frozenset({"not-applicable", "not-checked"})


@dataclass(frozen=True)
class Case:
    """One thing that was judged."""

    name: str
    result: str
    """pass, fail, inconclusive, not-applicable or not-checked."""
    message: str
    where: str | None = None
    """`file:line`, where it has one."""
    details: str = ""
    """What stands below the message, a line each."""
    blocks: bool = True
    """Whether it may refuse anything; what only warns is skipped where it fails, with its message."""


def render(statements: Sequence[Statement[Predicate]]) -> bytes:
    """The XML document. What is inconclusive is a failure of that type: it is no pass."""
    root = Element("testsuites", name="mlops-actions")
    for statement in statements:
        _suite(root, statement)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: Element, statement: Statement[Predicate]) -> None:
    cases = list(_CASES.get(statement.kind, _whole)(statement))
    provenance = statement.predicate.provenance
    seconds = (provenance.finished - provenance.started).total_seconds() if provenance else 0.0
    failures = sum(_failing(case) for case in cases)
    skipped = sum(case.result != "pass" and not _failing(case) for case in cases)
    counts = {"tests": len(cases), "failures": failures, "errors": 0, "skipped": skipped, "time": f"{seconds:.3f}"}
    attributes = {"name": f"{statement.kind}: {statement.name}", **counts}
    suite = SubElement(root, "testsuite", {key: _clean(str(value)) for key, value in attributes.items()})
    for case in cases:
        _case(suite, statement.kind, case)


def _case(suite: Element, kind: str, case: Case) -> None:
    file, _, line = (case.where or "").rpartition(":")
    place = {"file": file, "line": line} if line.isdigit() else {}
    attributes = {"name": case.name, "classname": kind, **place}
    element = SubElement(suite, "testcase", {key: _clean(value) for key, value in attributes.items()})
    if case.result == "pass":
        return
    tag = "failure" if _failing(case) else "skipped"
    word = case.result if case.blocks else f"warning: {case.result}"
    found = SubElement(element, tag, {"message": _clean(case.message), **({"type": word} if tag == "failure" else {})})
    found.text = _clean("\n".join(filter(None, (f"{word}: {case.message}", case.details))))


def _failing(case: Case) -> bool:
    return case.blocks and case.result not in ("pass", *_SKIPPED)


def _whole(statement: Statement[Any]) -> Iterator[Case]:
    predicate = statement.predicate
    yield Case("result", predicate.result, " ".join(reason.message for reason in predicate.reasons))


def _verdict(statement: Statement[Any]) -> Iterator[Case]:
    for rule in statement.predicate.rules:
        name = rule.rule if rule.slice is None else f"{rule.rule} [{rule.slice}]"
        yield Case(name, rule.result, rule.message, rule.where, blocks=rule.severity == "block")
    yield from _whole(statement)


def _data_report(statement: Statement[Any]) -> Iterator[Case]:
    for check in statement.predicate.checks:
        subject = ".".join(part for part in (check.table, check.column) if part)
        name = f"{subject}: {check.check}" if subject else check.check
        rows = "\n".join(_row(row) for row in statement.predicate.failing_rows if check.id in row.checks)
        yield Case(name, check.result, check.message, check.where, rows, check.severity == "error")
    for drift in statement.predicate.drift:
        message = f"{drift.method} is {drift.value}, the limit {drift.limit}."
        yield Case(f"{drift.column}: drift", drift.result, message, drift.where, blocks=drift.severity == "error")
    yield from _whole(statement)


def _row(row: FailingRow) -> str:
    cells = ", ".join(f"{name}={'(missing)' if cell is None else cell}" for name, cell in row.cells.items())
    return f"row {row.row}: {cells}" if cells else f"row {row.row}"


_CASES: Mapping[str, Callable[[Statement[Any]], Iterator[Case]]] = {"verdict": _verdict, "data-report": _data_report}


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
