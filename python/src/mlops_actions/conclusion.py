"""What the CI system and later steps are told of a statement: annotations at their places, and outputs."""

from __future__ import annotations

import json
from pathlib import Path

from mlops_actions.ci.inputs import CommonOutputs
from mlops_actions.ci.interface import Annotation, Level
from mlops_actions.evidence import Predicate, Statement

_REASONS_CHARACTERS = 4000


def annotations_of(predicate: Predicate, folder: str, *, failed: bool) -> list[Annotation]:
    """The reasons at their places, which are told from outside the working directory `folder`."""
    level: Level = "error" if failed else "notice" if predicate.result == "pass" or predicate.goes_on else "warning"
    annotations = []
    for reason in predicate.reasons:
        file, line = file_and_line(reason.where)
        message = f"{reason.where}: {reason.message}" if reason.where and not file else reason.message
        own: Level = "warning" if reason.warning else level
        annotations.append(Annotation(own, message, str(Path(folder, file)) if file else None, line))
    return annotations


def file_and_line(where: str | None) -> tuple[str | None, int | None]:
    """The parts of `file:line`; nothing where the place is none in a file, such as `--steps` or `rules:2`."""
    file, _, line = (where or "").rpartition(":")
    return (file, int(line)) if line.isdigit() and Path(file).is_file() else (None, None)


def outputs_of(
    outputs: type[CommonOutputs], statement: Statement[Predicate], path: Path, report_path: str | None
) -> dict[str, str]:
    """The outputs of an action as text; those of its own are fields of the predicate, by name."""
    predicate = statement.predicate
    own = {field: getattr(predicate, field) for field in set(outputs.model_fields) - set(CommonOutputs.model_fields)}
    given = outputs(
        result=predicate.result,
        statement=str(path),
        subject_sha256=statement.sha256,
        report_path=report_path,
        reasons=_short_reasons(predicate),
        **own,
    )
    return {key: _as_text(value) for key, value in given.model_dump(by_alias=True, mode="json").items()}


def _short_reasons(predicate: Predicate) -> str:
    """As many reasons as fit into an output that stays small."""
    reasons = [reason.model_dump() for reason in predicate.reasons]
    while len(text := json.dumps(reasons)) > _REASONS_CHARACTERS:
        reasons.pop()
    return text


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
