"""One way in, one way out: outputs, exit codes, errors and signals, with a small action of the test's own."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from mlops_actions import cancellation, runner
from mlops_actions.ci.github import GitHub
from mlops_actions.ci.inputs import FILES, MODEL, CommonInputs, CommonOutputs
from mlops_actions.errors import CancelledError, InputError, OutsideError
from mlops_actions.evidence import Material, Predicate, Reason, Statement
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.store import read_statement

Run = Callable[[CommonInputs], Statement[Predicate]]


class Inputs(CommonInputs):
    model: Annotated[str, MODEL] = Field(default="m", description="A model.")
    policy: Annotated[str | None, FILES] = Field(default=None, description="A file.")


class Outputs(CommonOutputs):
    version: int | None = Field(default=None, description="The version.")
    changed: bool = Field(default=False, description="Whether it moved.")


def statement(result: str = "pass", reasons: list[Reason] | None = None) -> Statement[Promotion]:
    predicate = Promotion.model_validate(
        {
            "result": result,
            "reasons": reasons or [],
            "registry": "file:r",
            "name": "n",
            "version": 3,
            "alias": "champion",
            "before": None,
            "after": "ab" * 32,
            "entry": 1,
            "changed": True,
        }
    )
    return Statement("m", "ab" * 32, predicate)


class Job:
    """A GitHub job step around the action of one test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.stdout = io.StringIO()
        self._monkeypatch = monkeypatch
        self.environ = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
        (folder / "policy.yaml").touch()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("RUNNER_TEMP", str(folder))

    def run(self, run: Run, **flags: object) -> int:
        module = types.ModuleType("small_action", "A small action.")
        vars(module).update(Inputs=Inputs, Outputs=Outputs, run=run)
        self._monkeypatch.setitem(sys.modules, "small_action", module)
        self._monkeypatch.setitem(runner.ACTIONS, "small", "small_action")
        return runner.run_action("small", lambda: flags, {}, GitHub(self.environ, self.stdout))

    @property
    def outputs(self) -> dict[str, str]:
        found, lines = {}, (self.folder / "output").read_text().splitlines()
        for first, value in zip(lines[0::3], lines[1::3], strict=True):
            found[first.partition("<<")[0]] = value
        return found


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(tmp_path, monkeypatch)


def test_a_pass_ends_with_zero_and_every_output(job: Job) -> None:
    assert job.run(lambda _: statement()) == 0
    assert job.outputs["result"] == "pass"
    assert (job.outputs["version"], job.outputs["changed"]) == ("3", "true")
    stored = read_statement(job.folder / job.outputs["statement"])
    assert stored.statement.predicate.provenance is not None
    assert job.outputs["subject-sha256"] == "ab" * 32
    assert "## Promotion" in (job.folder / "summary").read_text()


@pytest.mark.parametrize(
    ("result", "fail_on", "code"),
    [
        ("fail", "inconclusive", 1),
        ("inconclusive", "inconclusive", 3),
        ("fail", "fail", 1),
        ("inconclusive", "fail", 0),
        ("fail", "never", 0),
        ("inconclusive", "never", 0),
    ],
)
def test_fail_on_decides_which_results_fail_the_step(job: Job, result: str, fail_on: str, code: int) -> None:
    assert job.run(lambda _: statement(result), **{"fail-on": fail_on}) == code
    assert job.outputs["result"] == result


REFUSED = InputError("wrong.", where="policy.yaml:7", excerpt="a > b\n  ^")


@pytest.mark.parametrize(("error", "code"), [(REFUSED, 2), (OutsideError("down.", hint="Try again."), 4)])
def test_fail_on_never_does_not_hide_errors(job: Job, error: Exception, code: int) -> None:
    def fails(_: CommonInputs) -> Statement[Predicate]:
        raise error

    assert job.run(fails, **{"fail-on": "never"}) == code
    assert job.outputs["result"] == "error"
    shown = {2: "::error file=policy.yaml,line=7::wrong.\n    a > b\n      ^\n", 4: "::error::down. Try again."}
    assert shown[code] in job.stdout.getvalue()
    assert not (job.folder / "mlops-evidence").exists()


def test_the_result_is_error_before_anything_can_fail(job: Job) -> None:
    seen = []

    def looks(_: CommonInputs) -> Statement[Predicate]:
        seen.append(job.outputs["result"])
        return statement()

    job.run(looks)
    assert seen == ["error"]


def test_our_own_bug_leaves_its_traceback_in_a_file(job: Job) -> None:
    def breaks(_: CommonInputs) -> Statement[Predicate]:
        raise ZeroDivisionError("ours")

    assert job.run(breaks) == 5
    (reason,) = json.loads(job.outputs["reasons"])
    assert reason["message"] == "ZeroDivisionError: ours"
    assert "in breaks" in Path(reason["where"]).read_text()
    assert "Traceback" not in job.stdout.getvalue()


def test_our_own_bug_is_told_also_where_the_folder_for_it_is_missing(
    job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "nowhere"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def breaks(_: CommonInputs) -> Statement[Predicate]:
        raise ZeroDivisionError("ours")

    assert job.run(breaks) == 5
    assert list(tmp_path.glob("mlops-actions-*.log"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_run_ends_with_130_and_writes_no_statement(job: Job, number: signal.Signals) -> None:
    def waits(_: CommonInputs) -> Statement[Predicate]:
        os.kill(os.getpid(), number)
        return statement()

    assert job.run(waits) == 130
    assert job.outputs["result"] == "error"
    assert f"cancelled by {number.name}" in job.stdout.getvalue()
    assert not (job.folder / "mlops-evidence").exists()


def test_a_library_that_hides_the_signal_behind_an_error_of_its_own_is_no_bug_of_ours(job: Job) -> None:
    def queries(_: CommonInputs) -> Statement[Predicate]:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except CancelledError:
            raise RuntimeError("Query interrupted") from None
        return statement()

    assert job.run(queries) == 130
    assert "cancelled (RuntimeError)" in job.stdout.getvalue()
    assert list(job.folder.glob("*.log")) == []


def test_a_deferred_action_that_was_cancelled_still_states_how_it_ended(job: Job) -> None:
    def rolls_back(_: CommonInputs) -> Statement[Predicate]:
        with cancellation.deferred():
            os.kill(os.getpid(), signal.SIGINT)
            return statement("fail")

    assert job.run(rolls_back) == 130
    assert job.outputs["result"] == "fail"
    assert Path(job.outputs["statement"]).exists()


def test_progress_is_shown_and_cannot_command_the_runner(job: Job) -> None:
    def talks(_: CommonInputs) -> Statement[Predicate]:
        logging.getLogger("mlops_actions.small").info("::warning::from data")
        logging.getLogger("mlops_actions.small").warning("moved by hand\n::error::from data")
        return statement()

    job.run(talks)
    lines = job.stdout.getvalue().splitlines()
    assert lines[lines.index("::warning::from data") - 1].startswith("::stop-commands::")
    assert "::warning::moved by hand%0A::error::from data" in lines


def test_reasons_are_annotations_at_their_places(job: Job) -> None:
    places = (("too low", "policy.yaml:4"), ("no place", None), ("no file", "rules:2"))
    reasons = [Reason(code="shown", message=message, where=where) for message, where in places]
    job.run(lambda _: statement("fail", [*reasons, Reason(code="narrow", message="too narrow", warning=True)]))
    shown = "::error file=policy.yaml,line=4::too low\n::error::no place\n::error::rules:2: no file\n"
    assert f"{shown}::warning::too narrow\n" in job.stdout.getvalue()


def test_places_are_told_as_seen_from_outside_the_working_directory(job: Job) -> None:
    (job.folder / "models").mkdir()
    (job.folder / "models/policy.yaml").touch()
    too_low = Reason(code="shown", message="too low", where="policy.yaml:4")
    job.run(lambda _: statement("fail", [too_low]), **{"working-directory": "models"})

    def refuses(_: CommonInputs) -> Statement[Predicate]:
        raise InputError("wrong.", where="policy.yaml:7")

    job.run(refuses, **{"working-directory": "models"})
    places = re.findall(r"^::error file=(.*)::(.*)$", job.stdout.getvalue(), re.MULTILINE)
    assert places == [("models/policy.yaml,line=4", "too low"), ("models/policy.yaml,line=7", "wrong.")]


def test_many_reasons_leave_a_short_output(job: Job) -> None:
    reasons = [Reason(code="check-failed", message="x" * 100) for _ in range(500)]
    job.run(lambda _: statement("fail", reasons))
    assert 0 < len(json.loads(job.outputs["reasons"])) < 500
    assert len(job.outputs["reasons"]) <= 4000


def test_a_password_in_a_url_is_masked_and_kept_out_of_the_statement(job: Job) -> None:
    def reads(inputs: CommonInputs) -> Statement[Predicate]:
        material = Material(name="data", uri=inputs.registry, digest={})
        made = statement()
        predicate = made.predicate.model_copy(update={"materials": [material]})
        return Statement(made.name, made.sha256, predicate)

    job.run(reads, registry="https://bot:s3cret@models.example")
    assert job.stdout.getvalue().startswith("::add-mask::s3cret\n")
    written = (job.folder / job.outputs["statement"]).read_text()
    assert '"uri": "https://models.example"' in written
    assert "s3cret" not in written


def test_a_report_is_written_where_it_was_asked_for(job: Job) -> None:
    job.run(lambda _: statement(), **{"report-path": "out/report.html"})
    assert job.outputs["report-path"] == "out/report.html"
    assert "<h2>Promotion" in (job.folder / "out" / "report.html").read_text()


def test_what_an_input_names_must_be_there_before_anything_runs(job: Job) -> None:
    (job.folder / "policy.yaml").touch()
    assert job.run(lambda _: pytest.fail("it ran"), policy="polcy.yaml") == 2
    message = "--policy: the input 'policy' is 'polcy.yaml': there is no such file. Did you mean 'policy.yaml'?"
    assert message in job.stdout.getvalue()
    assert job.run(lambda _: statement(), policy="policy.yaml", model="name@champion") == 0


def test_a_working_directory_that_is_not_there_changes_nothing(job: Job) -> None:
    assert job.run(lambda _: statement(), **{"working-directory": "nowhere"}) == 2
    assert "--working-directory: the working-directory 'nowhere' is not a folder" in job.stdout.getvalue()


def test_paths_are_relative_to_the_working_directory(job: Job) -> None:
    (job.folder / "sub").mkdir()
    job.run(lambda _: statement(), **{"working-directory": "sub"})
    assert (job.folder / "sub" / job.outputs["statement"]).exists()
    assert Path.cwd() == job.folder


def test_an_evidence_folder_that_refuses_is_an_outside_error_before_anything_is_done(job: Job) -> None:
    (job.folder / "file").touch()
    assert job.run(never, evidence="file") == 4
    assert job.outputs["result"] == "error"
    assert "nothing can be written to the folder 'file': 'file' is no folder" in job.stdout.getvalue().replace(
        str(job.folder) + "/", ""
    )
    assert job.run(never, evidence="file/below") == 4


def test_a_report_that_cannot_be_written_is_an_error_before_anything_is_done(job: Job) -> None:
    (job.folder / "folder").mkdir()
    assert job.run(never, **{"report-path": "folder"}) == 2
    assert "the report cannot be written to 'folder', which is a folder. Name a file." in job.stdout.getvalue()
    assert not (job.folder / "mlops-evidence").exists()


def test_outputs_that_cannot_be_handed_on_are_an_error_before_anything_is_done(job: Job) -> None:
    job.environ["GITHUB_OUTPUT"] = str(job.folder / "nowhere" / "output")
    assert job.run(never) == 4
    assert job.stdout.getvalue().count("GITHUB_OUTPUT cannot be written: No such file or directory.") == 1


def test_outputs_that_cannot_be_handed_on_any_more_are_no_pass(job: Job) -> None:
    def loses_its_outputs(_: CommonInputs) -> Statement[Predicate]:
        job.environ["GITHUB_OUTPUT"] = str(job.folder / "nowhere" / "output")
        return statement()

    assert job.run(loses_its_outputs) == 4
    assert "GITHUB_OUTPUT cannot be written" in job.stdout.getvalue()


def never(_: CommonInputs) -> Statement[Predicate]:
    pytest.fail("the action was run")
