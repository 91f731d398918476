"""One step a run: a rollout that many short runs conduct, each of which may be on another machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.errors import InputError
from mlops_actions.evidence.rollout import Rollout
from scripted_service import ScriptedService


class Schedule:
    """A service, and the inputs of the workflow that comes by every now and then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = ScriptedService(folder)
        (folder / "model.bin").write_bytes(b"a model")

    def inputs(self, **given: Any) -> Inputs:
        settings: dict[str, Any] = {
            "model": str(self.folder / "model.bin"),
            "target": self.service.location,
            "stable": "v1",
            "candidate": "v2",
            "mode": "advance",
            "steps": [10, 50, 100],
            "interval": 0.1,
            "window": 0.15,
            "baseline": 0.1,
            "deadline": "7d",
            "error_margin": 0.02,
            "evidence": str(self.folder / "evidence"),
            "state": f"file:{self.folder}/registry",
        }
        return Inputs.model_validate(settings | given)

    def come_by(self, **given: Any) -> Rollout:
        """One run."""
        return run(self.inputs(**given)).predicate


@pytest.fixture
def schedule(tmp_path: Path) -> Schedule:
    return Schedule(tmp_path)


def test_a_good_candidate_is_promoted_over_several_runs_and_never_left_alone_with_more(schedule: Schedule) -> None:
    schedule.service.set(traffic=20_000)
    first, second = schedule.come_by(), schedule.come_by()
    assert (first.result, first.outcome, first.weights) == ("inconclusive", "in-progress", [10, 5])
    assert first.goes_on
    assert schedule.service.weights == [10, 5, 50, 100], "a step a run"
    assert (second.result, second.outcome, second.weights) == ("pass", "promoted", [10, 5, 50, 100])
    assert (first.id, first.looks) == (second.id, second.looks[: len(first.looks)])


def test_a_run_that_cannot_decide_says_how_many_users_a_bad_model_could_reach(schedule: Schedule) -> None:
    rollout = schedule.come_by(unattended_weight=2)
    assert [reason.code for reason in rollout.reasons] == ["in-progress", "unattended"]
    assert rollout.reasons[1].message == (
        "Until the next run nobody looks, and the candidate holds 2 %: "
        "a bad model could touch 288,000 requests an hour."
    )
    assert schedule.service.weight == 2


def test_what_happens_between_two_runs_is_evidence(schedule: Schedule) -> None:
    schedule.come_by()
    schedule.service.set(errors={"stable": 0.0, "candidate": 0.5})
    schedule.service.serve(4000)
    rollout = schedule.come_by()
    assert (rollout.result, rollout.outcome, rollout.weights) == ("fail", "rolled-back", [10, 5, 0])
    assert rollout.looks[-1].counts["candidate_requests"] == 220  # 5 % of 4,000 in between and of the 400 of the look
    assert rollout.looks[-1].weight == 5
    assert schedule.service.weights == [10, 5, 0], "it was not raised again first"


@pytest.mark.parametrize("change", [{"since": 0}, {"since": 2e9}])
def test_without_proof_that_the_counters_went_on_what_happened_in_between_is_thrown_away(
    schedule: Schedule, change: dict[str, float]
) -> None:
    """Counters that do not tell their age, or are younger than they were."""
    if change["since"] == 0:
        schedule.service.set(since=0)
    schedule.come_by()
    schedule.service.set(**change, errors={"stable": 0.0, "candidate": 0.5})
    schedule.service.serve(4000)
    schedule.service.set(errors={"stable": 0.0, "candidate": 0.0})
    rollout = schedule.come_by()
    assert rollout.outcome == "in-progress"
    assert sum(look.counts.get("candidate_errors", 0) for look in rollout.looks) == 0


def test_a_step_is_only_left_after_a_look_at_its_own_weight(schedule: Schedule) -> None:
    schedule.come_by()
    schedule.service.serve(40_000)
    rollout = schedule.come_by()
    assert rollout.outcome == "in-progress"
    assert rollout.weights == [10, 5, 10, 5]
    assert "step 2 of 2, which is judged at 50 %" in rollout.reasons[0].message


def test_a_weight_that_somebody_changed_between_two_runs_is_taken_back(schedule: Schedule) -> None:
    schedule.come_by()
    schedule.service.set(weight=40)
    rollout = schedule.come_by()
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == (
        "inconclusive", "rolled-back", "weight-changed",
    )  # fmt: skip
    assert schedule.service.weight == 0


def test_a_candidate_that_is_ill_when_a_run_comes_by_is_taken_back(schedule: Schedule) -> None:
    schedule.come_by()
    schedule.service.set(healthy=False)
    rollout = schedule.come_by()
    assert (rollout.result, rollout.reasons[0].code) == ("fail", "candidate-unhealthy")
    assert schedule.service.weight == 0


@pytest.mark.parametrize(("policy", "weight"), [("rollback", 0), ("hold", 5)])
def test_at_the_deadline_no_more_is_left_alone_than_before(schedule: Schedule, policy: str, weight: float) -> None:
    given = {"on_inconclusive": policy, "state": str(schedule.folder / "state")}
    schedule.come_by(**given)
    (file,) = schedule.folder.glob("state/*/rollout.json")
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"started": kept["started"] - 8 * 86_400}))
    rollout = schedule.come_by(**given)
    assert (rollout.result, rollout.reasons[0].code) == ("inconclusive", "deadline")
    assert (rollout.outcome, schedule.service.weight) == ("held" if policy == "hold" else "rolled-back", weight)


def test_an_ended_rollout_is_not_begun_anew_by_the_schedule(schedule: Schedule) -> None:
    schedule.service.set(traffic=20_000, errors={"stable": 0.0, "candidate": 0.5})
    ended = schedule.come_by()
    assert (ended.result, ended.outcome) == ("fail", "rolled-back")
    assert schedule.come_by() == ended
    assert schedule.service.weights == [10, 0]
    (schedule.folder / "model.bin").write_bytes(b"a better model")
    assert schedule.come_by().id != ended.id


def test_a_run_to_the_end_goes_on_where_the_schedule_left_it(schedule: Schedule) -> None:
    first = schedule.come_by()
    rollout = schedule.come_by(mode="run")
    assert (rollout.id, rollout.outcome, rollout.weights) == (first.id, "promoted", [10, 5, 10, 50, 100])


@pytest.mark.parametrize("state", ["file:{}/registry", "{}/state"])
def test_status_abort_and_promote_find_it_wherever_it_is_remembered(schedule: Schedule, state: str) -> None:
    where = {"state": state.format(schedule.folder)}
    first = schedule.come_by(**where)
    assert schedule.come_by(mode="status", **where).reasons == first.reasons
    aborted = schedule.come_by(mode="abort", **where)
    assert (aborted.id, aborted.outcome, schedule.service.weight) == (first.id, "rolled-back", 0)
    with pytest.raises(InputError, match=r"the candidate [0-9a-f]{12} was rolled back; it cannot be promoted any more"):
        schedule.come_by(mode="promote", **where)
    schedule.service.set(traffic=20_000)
    again = schedule.come_by(mode="run", on_inconclusive="hold", deadline=1, minimum_requests=10**6, **where)
    assert (again.outcome, schedule.service.weight) == ("held", 10), again.reasons
    assert schedule.come_by(mode="abort", **where).outcome == "held", "what is held has ended"
    promoted = schedule.come_by(mode="promote", **where)
    assert (promoted.result, promoted.outcome, promoted.reasons[0].code) == (
        "inconclusive", "promoted", "promoted-by-hand",
    )  # fmt: skip
    assert "The candidate was promoted by hand by process " in promoted.reasons[0].message
    assert schedule.service.weight == 100


def test_a_candidate_that_is_ill_is_promoted_by_nobody(schedule: Schedule) -> None:
    schedule.come_by()
    schedule.service.set(healthy=False)
    rollout = schedule.come_by(mode="promote")
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == ("fail", "rolled-back", "candidate-unhealthy")
    assert schedule.service.weight == 0


def test_a_state_that_is_lost_with_the_job_is_refused_before_anything_is_set(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    state = str(schedule.folder / "state")
    with pytest.raises(InputError) as refused:
        schedule.come_by(state=state)
    assert str(refused.value).startswith(
        "state: the rollout would be forgotten with this job: nothing below '/' outlasts it, and it is remembered in "
        f"'{state}/"
    )
    assert str(refused.value).endswith(
        "Write s3://bucket/folder, gs://…, az://…, or file:/folder on a disk that all runs share."
    )
    assert schedule.service.weights == []
