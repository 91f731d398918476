"""The one way in and the one way out: every action, on every CI system, runs through here."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast, get_origin

from mlops_actions import __version__, cancellation
from mlops_actions.ci.configuration import read_configuration
from mlops_actions.ci.credentials import passwords
from mlops_actions.ci.inputs import CommonInputs, CommonOutputs, FailOn, Names, existing_path, split_words
from mlops_actions.ci.interface import CI, NOTICE, Annotation, Context
from mlops_actions.ci.sources import GivenInputs, collect, read_inputs
from mlops_actions.conclusion import annotations_of, file_and_line, outputs_of
from mlops_actions.errors import CancelledError, InputError, MlopsError
from mlops_actions.evidence import EvidenceStore, Predicate, Provenance, Statement
from mlops_actions.evidence.store import refuse_unwritable, write_whole
from mlops_actions.extras import explained
from mlops_actions.yaml_source import YamlSource

ACTIONS = {
    "validate-data": "mlops_actions.validate_data.action",
    "evaluate-model": "mlops_actions.evaluate_model.action",
    "quality-gate": "mlops_actions.quality_gate.action",
    "promote-champion": "mlops_actions.promote_champion.action",
    "canary-deploy": "mlops_actions.canary_deploy.action",
}
"""Name → module, in the order of the release train; a run imports only the one it runs."""


class ActionModule(Protocol):
    """What an action's `action.py` holds; its docstring's first line is the description."""

    Inputs: type[CommonInputs]
    Outputs: type[CommonOutputs]

    def run(self, inputs: Any) -> Statement[Predicate]:
        """Do the work and return the statement; raise MlopsError when there is nothing to state."""


@dataclass(frozen=True)
class Outcome:
    """How one action ended."""

    exit_code: int
    outputs: dict[str, str]
    statement: Statement[Predicate] | None = None
    path: Path | None = None

    @property
    def result(self) -> str:
        """`pass`, `fail`, `inconclusive` or `error`."""
        return self.outputs.get("result", "error")


def load_action(name: str) -> ActionModule:
    """Import an action's module."""
    return cast("ActionModule", import_module(ACTIONS[name]))


def run_action(name: str, flags: Callable[[], Mapping[str, object]], environ: Mapping[str, str], ci: CI) -> int:
    """Run one action from its sources of inputs to its exit code; `flags` may raise InputError."""

    def run() -> Outcome:
        ci.presume_error()
        given = flags()
        with working_directory(given, environ):
            return execute(name, collect(given, environ, configuration(given, environ), name), ci)

    return conclude(ci, guarded(ci, run))


def conclude(ci: CI, outcome: Outcome) -> int:
    """Show the outputs and return the exit code; where later steps cannot get them, that is the error."""
    try:
        if outcome.outputs:
            ci.set_outputs(outcome.outputs)
    except MlopsError as error:
        # An error before this one has been told already, and may well have the same cause.
        return outcome.exit_code if outcome.result == "error" else _refused(ci, error).exit_code
    return outcome.exit_code


@contextmanager
def working_directory(flags: Mapping[str, object], environ: Mapping[str, str]) -> Iterator[None]:
    """Enter the input `working-directory`, which only flags and `INPUT_*` can give.

    The place of an error that leaves it is told from outside, where CI systems and people look.
    """
    given = collect(flags, environ).get("working-directory")
    folder = str(given.value) if given else "."
    if not Path(folder).is_dir():
        source = given.source if given else None
        raise InputError(f"the working-directory {folder!r} is not a folder.", where=source)
    with chdir(folder):
        try:
            yield
        except MlopsError as error:
            file, line = file_and_line(error.where)
            if file:
                error.where = f"{Path(folder, file)}:{line}"
            raise


def configuration(flags: Mapping[str, object], environ: Mapping[str, str]) -> YamlSource | None:
    """Read the input `config`; the default mlops.yml may be missing, one that was asked for may not."""
    given = collect(flags, environ).get("config")
    path = str(given.value) if given else str(CommonInputs.model_fields["config"].default)
    return read_configuration(path, ACTIONS, required=given is not None)


def common_inputs(options: Mapping[str, object], environ: Mapping[str, str]) -> CommonInputs:
    """What a command that is no action takes from flags, `INPUT_*` and the common keys of mlops.yml."""
    return read_inputs(CommonInputs, collect(options, environ, configuration(options, environ)), "mlops-actions")


def execute(name: str, given: GivenInputs, ci: CI, *, reports: bool = True) -> Outcome:
    """Run one action inside its working directory: inputs → statement → store → annotations, summary and reports.

    `reports` is False in a train, which writes those of all its stages together.
    """
    from mlops_actions.reports import to_markdown

    module = load_action(name)
    inputs = read_inputs(module.Inputs, given, name)
    check_named(module.Inputs, given)
    for secret in passwords(" ".join(str(one.value) for one in given.values())):
        ci.mask(secret)
    track = _tracking(inputs, name, ci)
    started = datetime.now(UTC)
    refuse_unwritable(inputs.evidence, inputs.report_path, inputs.junit_path)
    statement = with_provenance(module.run(inputs), ci.context(), started)
    path = EvidenceStore(inputs.evidence).write(statement)
    exit_code = 0 if statement.predicate.goes_on else exit_code_of(statement.predicate.result, inputs.fail_on)
    ci.annotate(annotations_of(statement.predicate, inputs.working_directory, failed=exit_code != 0))
    ci.summarize(to_markdown(statement))
    if reports:
        write_reports(inputs, [statement])
    track(statement, path)
    return Outcome(exit_code, outputs_of(module.Outputs, statement, path, inputs.report_path), statement, path)


def _tracking(inputs: CommonInputs, action: str, ci: CI) -> Callable[[Statement[Predicate], Path], None]:
    """What writes a statement to the tracker that is asked for. InputError for one that is not understood."""
    if inputs.track is None:
        return lambda *_: None
    from mlops_actions.tracking import open_tracker, track

    tracker = open_tracker(inputs.track)
    return lambda statement, path: track(tracker, statement, path, action, inputs.name, ci.context().pipeline_url)


def check_named(inputs: type[CommonInputs], given: GivenInputs) -> None:
    """See that the files and models that inputs name are there; InputError with the place of the first that is not."""
    for name, field in inputs.model_fields.items():
        one = given.get(field.alias or name)
        named = next((mark.what for mark in field.metadata if isinstance(mark, Names)), None)
        if one is None or named is None or (named == "model" and _is_reference(str(one.value))):
            continue
        several = split_words(one.value) if get_origin(field.annotation) is list else one.value
        for value in several if isinstance(several, list) else [several]:
            try:
                existing_path(str(value))
            except ValueError as error:
                raise InputError(f"the input {field.alias!r} is {value!r}: {error}", where=one.source) from None


def _is_reference(model: str) -> bool:
    if "@" not in model and ":" not in model:
        return False
    from mlops_actions.registries.reference import is_reference

    return is_reference(model)


def write_reports(inputs: CommonInputs, statements: Sequence[Statement[Predicate]]) -> None:
    """Render statements as one HTML page and as JUnit XML, where these are asked for."""
    from mlops_actions.reports import to_html, to_junit

    if inputs.report_path:
        write_whole(Path(inputs.report_path), to_html(statements).encode())
    if inputs.junit_path:
        write_whole(Path(inputs.junit_path), to_junit(statements))


def exit_code_of(result: str, fail_on: FailOn) -> int:
    """0 pass, 1 fail, 3 inconclusive; `fail_on` touches 1 and 3 only.

    >>> [exit_code_of("inconclusive", "inconclusive"), exit_code_of("inconclusive", "fail")]
    [3, 0]
    """
    failing: dict[FailOn, dict[str, int]] = {
        "inconclusive": {"fail": 1, "inconclusive": 3},
        "fail": {"fail": 1},
        "never": {},
    }
    return failing[fail_on].get(result, 0)


def with_provenance(statement: Statement[Predicate], context: Context, started: datetime) -> Statement[Predicate]:
    """The statement with who made it, where and when."""
    provenance = Provenance(
        tool=__version__,
        repository=context.repository,
        commit=context.commit,
        run_url=context.run_url,
        actor=context.actor,
        started=started,
        finished=datetime.now(UTC),
    )
    predicate = statement.predicate.model_copy(update={"provenance": provenance})
    return Statement(statement.name, statement.sha256, predicate)


def guarded(ci: CI, run: Callable[[], Outcome]) -> Outcome:
    """Run with progress shown and signals handled; every error becomes one message and an exit code."""
    logger = logging.getLogger("mlops_actions")
    handler = _ProgressHandler(ci)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with cancellation.handled():
            outcome = run()
        # What was cancelled in a deferred section cleaned up by itself and has stated how it ended.
        return replace(outcome, exit_code=CancelledError.exit_code) if cancellation.requested() else outcome
    except MlopsError as error:
        return _refused(ci, error)
    except Exception as error:  # noqa: BLE001  a traceback reaching a user is a bug: it goes to a file
        if cancellation.requested():  # a library may turn our CancelledError into an error of its own
            return _refused(ci, CancelledError(f"cancelled ({type(error).__name__})."))
        if isinstance(error, ModuleNotFoundError) and (missing := explained(error)):
            return _refused(ci, missing)
        return _crashed(ci)
    finally:
        logger.removeHandler(handler)


def _refused(ci: CI, error: MlopsError) -> Outcome:
    file, line = file_and_line(error.where)
    message = f"{error.message} {error.hint or ''}".rstrip() if file else str(error)
    ci.annotate([Annotation("error", message, file=file, line=line)])
    for excerpt in (error.excerpt or "").splitlines():
        ci.say(f"    {excerpt}")
    reasons = json.dumps([{"code": type(error).__name__, "message": error.message, "where": error.where}])
    return Outcome(error.exit_code, {"result": "error", "reasons": reasons})


def _crashed(ci: CI) -> Outcome:
    named = os.environ.get("RUNNER_TEMP")
    folder = named if named and Path(named).is_dir() else None
    with tempfile.NamedTemporaryFile("w", prefix="mlops-actions-", suffix=".log", dir=folder, delete=False) as file:
        file.write(f"mlops-actions {__version__}\n{traceback.format_exc()}")
    last = traceback.format_exc().strip().splitlines()[-1]
    ci.annotate([Annotation("error", f"This is a bug in mlops-actions ({last}). Please report it with {file.name}.")])
    return Outcome(
        5, {"result": "error", "reasons": json.dumps([{"code": "bug", "message": last, "where": file.name}])}
    )


class _ProgressHandler(logging.Handler):
    """Progress is logged by the actions; the CI system shows it, notices and warnings on the run's page too."""

    def __init__(self, ci: CI) -> None:
        super().__init__(logging.INFO)
        self._ci = ci

    def emit(self, record: logging.LogRecord) -> None:
        """Show each line of the message."""
        if record.levelno >= logging.WARNING:
            self._ci.annotate([Annotation("warning", record.getMessage())])
            return
        if record.levelno >= NOTICE:
            self._ci.annotate([Annotation("notice", record.getMessage())])
            return
        for line in record.getMessage().splitlines():
            self._ci.say(line)
