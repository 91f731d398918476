"""GitHub's side of a step: escapes, limits and files."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from mlops_actions.ci.github import ANNOTATION_CHARACTERS, SUMMARY_BYTES, GitHub, cut_at_row
from mlops_actions.ci.interface import Annotation, Context
from mlops_actions.errors import InputError, OutsideError


def github(tmp_path: Path, **environ: str) -> tuple[GitHub, io.StringIO]:
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    stdout = io.StringIO()
    return GitHub(files | environ, stdout), stdout


def read_outputs(path: Path) -> dict[str, str]:
    """As the runner reads the file: name<<delimiter, lines, delimiter."""
    outputs, lines = {}, iter(path.read_text().splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        while (line := next(lines)) != delimiter:
            value.append(line)
        outputs[name] = "\n".join(value)
    return outputs


def test_a_value_of_many_lines_arrives_whole(tmp_path: Path) -> None:
    ci, _ = github(tmp_path)
    ci.set_outputs({"reasons": "one\ntwo\nresult=pass\nEOF", "result": "fail"})
    assert read_outputs(tmp_path / "output") == {"reasons": "one\ntwo\nresult=pass\nEOF", "result": "fail"}


def test_each_value_has_its_own_random_delimiter(tmp_path: Path) -> None:
    ci, _ = github(tmp_path)
    ci.set_outputs({"a": "1", "b": "2"})
    delimiters = re.findall(r"<<(ghadelimiter_[0-9a-f-]{36})", (tmp_path / "output").read_text())
    assert len(set(delimiters)) == 2


def test_a_value_that_holds_its_delimiter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_actions.ci.github.uuid4", lambda: "guessed")
    ci, _ = github(tmp_path)
    with pytest.raises(InputError, match="the output 'a' holds the delimiter that would end it"):
        ci.set_outputs({"a": "x\nghadelimiter_guessed\nresult=pass"})
    assert not (tmp_path / "output").exists()


def test_outputs_that_cannot_be_written_are_an_outside_error(tmp_path: Path) -> None:
    ci, _ = github(tmp_path, GITHUB_OUTPUT=str(tmp_path))
    with pytest.raises(OutsideError, match="GITHUB_OUTPUT cannot be written: Is a directory"):
        ci.set_outputs({"a": "1"})


def test_a_command_in_data_is_not_obeyed(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.say("::set-output name=result::pass")
    stop, said, resume = stdout.getvalue().splitlines()
    token = stop.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert (said, resume) == ("::set-output name=result::pass", f"::{token}::")


def test_plain_progress_is_printed_as_it_is(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.say("55,628 rows")
    assert stdout.getvalue() == "55,628 rows\n"


def test_annotations_escape_what_would_end_them(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.annotate([Annotation("error", "50 %\n::error::no", file="a,b:c.yml", line=3)])
    assert stdout.getvalue() == "::error file=a%2Cb%3Ac.yml,line=3::50 %25%0A::error::no\n"


def test_the_tenth_annotation_says_how_many_more_there_are(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.annotate([Annotation("error", f"check {number}") for number in range(25)])
    lines = stdout.getvalue().splitlines()
    assert lines[8] == "::error::check 8"
    assert lines[9:] == ["::error::… and 16 more: see the summary or the statement."]


def test_ten_annotations_are_all_shown(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.annotate([Annotation("warning", f"check {number}") for number in range(10)])
    assert stdout.getvalue().splitlines()[-1] == "::warning::check 9"


def test_a_second_call_keeps_within_the_limit_of_the_step(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.annotate([Annotation("error", "first")] * 8)
    ci.annotate([Annotation("error", "second")] * 8)
    ci.annotate([Annotation("error", "third")] * 8)
    lines = stdout.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error::… and 7 more: see the summary or the statement."


def test_long_annotations_are_cut_to_what_github_takes(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.annotate([Annotation("notice", "x" * 10_000)])
    assert len(stdout.getvalue()) == len("::notice::\n") + ANNOTATION_CHARACTERS


def test_every_line_of_a_secret_is_masked(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    ci.mask("first\n\nsecond%")
    assert stdout.getvalue() == "::add-mask::first\n::add-mask::second%25\n"


def test_groups_are_closed_also_when_the_inside_fails(tmp_path: Path) -> None:
    ci, stdout = github(tmp_path)
    with pytest.raises(ValueError, match="inside"), ci.group("1/5 validate-data"):
        raise ValueError("inside")
    assert stdout.getvalue() == "::group::1/5 validate-data\n::endgroup::\n"


def test_a_summary_beyond_a_mebibyte_is_cut_at_a_row_with_a_note(tmp_path: Path) -> None:
    ci, _ = github(tmp_path)
    ci.summarize("\n".join(f"| row {number} | é |" for number in range(100_000)))
    written = (tmp_path / "summary").read_bytes()
    assert len(written) <= SUMMARY_BYTES
    *_, last_row, _, note = written.decode().rstrip("\n").split("\n")
    assert re.fullmatch(r"\| row \d+ \| é \|", last_row)
    assert note.startswith("> The summary was cut here")


def test_later_sections_share_the_same_mebibyte(tmp_path: Path) -> None:
    ci, _ = github(tmp_path)
    ci.summarize("a\n" * 300_000)
    ci.summarize("b\n" * 300_000)
    ci.summarize("c\n" * 300_000)
    assert (tmp_path / "summary").stat().st_size <= SUMMARY_BYTES


def test_a_summary_that_fits_is_kept() -> None:
    assert cut_at_row("# title\n", 8) == "# title\n"


def test_the_context_names_the_run_and_the_tip_of_the_pull_request(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": "c0ffee"}}}))
    ci, _ = github(
        tmp_path,
        GITHUB_REPOSITORY="org/model",
        GITHUB_SERVER_URL="https://github.example",
        GITHUB_RUN_ID="77",
        GITHUB_ACTOR="alice",
        GITHUB_SHA="merge",
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH=str(event),
    )
    context = ci.context()
    assert context.run_url == context.pipeline_url == "https://github.example/org/model/actions/runs/77"
    assert (context.commit, context.actor, context.event) == ("c0ffee", "alice", "pull_request")


def context_of(tmp_path: Path, name: str, payload: object, **environ: str) -> Context:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(payload))
    known = {"GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": name, "GITHUB_REPOSITORY": "org/project"}
    return github(tmp_path, **known, **environ)[0].context()


def test_a_push_is_on_a_branch_of_ours(tmp_path: Path) -> None:
    payload = {"repository": {"default_branch": "main"}}
    context = context_of(tmp_path, "push", payload, GITHUB_REF="refs/heads/release/7")
    assert (context.branch, context.fork, context.default_branch) == ("release/7", False, "main")
    assert context_of(tmp_path, "push", payload, GITHUB_REF="refs/tags/main").branch is None


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_is_on_no_branch_whatever_it_calls_itself(tmp_path: Path, name: str) -> None:
    own = {"pull_request": {"head": {"repo": {"full_name": "org/project"}}}}
    context = context_of(tmp_path, name, own, GITHUB_REF="refs/heads/main")
    assert (context.branch, context.fork) == (None, False)
    for head in ({"repo": {"full_name": "mallory/project"}}, {"repo": None}):
        assert context_of(tmp_path, name, {"pull_request": {"head": head}}).fork


def test_a_run_that_a_fork_triggered_is_the_forks(tmp_path: Path) -> None:
    payload = {"workflow_run": {"head_repository": {"full_name": "mallory/project"}}}
    assert context_of(tmp_path, "workflow_run", payload).fork


def test_whoever_runs_a_job_again_is_the_actor(tmp_path: Path) -> None:
    context = context_of(tmp_path, "push", {}, GITHUB_ACTOR="alice", GITHUB_TRIGGERING_ACTOR="mallory")
    assert context.actor == "mallory"
