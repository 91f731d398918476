"""A promotion to MLflow that is killed, overtaken or left alone by its server: a rerun completes it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mlflow_site import Person
from mlops_actions.clouds import http
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.hosted import HostedRegistry
from mlops_actions.registries.mlflow.rest import Server
from mlops_actions.registries.objects import Objects


class KilledError(BaseException):
    """Nothing of ours goes on after it."""


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, number: int, when: str) -> Iterator[list[str]]:
    """Be killed around the N-th write to MLflow or to the log; yields what was written until then."""
    writes: list[str] = []
    attempt, create, replace = Server._attempt, Objects.create, Objects.replace

    def counted(write: Callable[[], Any], what: str) -> Any:
        writes.append(what)
        if len(writes) == number and when == "before":
            raise KilledError
        try:
            return write()
        finally:
            if len(writes) == number:
                raise KilledError

    def called(self: Server, method: str, path: str, *rest: Any, **given: Any) -> Any:
        def write() -> Any:
            return attempt(self, method, path, *rest, **given)

        read = method == "GET" or path.endswith("/search")
        return write() if read else counted(write, path)

    with monkeypatch.context() as patched:
        patched.setattr(Server, "_attempt", called)
        patched.setattr(Objects, "create", lambda *given: counted(lambda: create(*given), "create"))
        patched.setattr(Objects, "replace", lambda *given: counted(lambda: replace(*given), "replace"))
        with contextlib.suppress(KilledError):
            yield writes


def test_a_promotion_killed_at_any_write_leaves_a_champion_and_a_rerun_completes_it(
    project: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = project.promoted("old")
    with killed(monkeypatch, 0, "never") as writes:
        old = project.promoted("older")
    # The run, the model, the run's end, two statements, the model's name, its version, the log entry, its hint, the
    # alias, and the mark that it followed.
    assert len(writes) == 11
    entry = writes.index("create") + 1
    for number in range(len(writes) + 1):
        path = project.model(f"killed after {number}", f"build/{number}.joblib")
        new = digest_path(path)
        project.judged(path)
        with killed(monkeypatch, max(number, 1), "after" if number else "before"):
            project.promote(path)
            pytest.fail("nobody was killed")
        assert project.champion() == (new if number >= entry else old), number
        again = project.promote(path).predicate
        assert (again.result, again.after, again.changed) == ("pass", new, number < entry)
        head = project.registry.head(project.name)
        assert person.aliases(project.name) == {"champion": head.aliases["champion"].number}
        assert not head.strays
        old = new
    assert len(list(project.registry.history(project.name))) == 3 + len(writes)


def test_an_answer_that_is_lost_after_each_write_costs_another_attempt_and_nothing_else(
    project: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = project.promoted("old")
    path = project.model("asked twice")
    project.judged(path)
    attempt, lost = Server._attempt, set[str]()

    def losing(self: Server, method: str, path: str, *rest: Any, **given: Any) -> Any:
        answer = attempt(self, method, path, *rest, **given)
        if path not in lost and method != "GET":
            lost.add(path)
            raise http.Again("no answer in time")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(http, "FIRST_PAUSE", 0.001)
        patched.setattr(Server, "_attempt", losing)
        promoted = project.promote(path).predicate
    assert (promoted.result, promoted.before, promoted.after) == ("pass", old, digest_path(path))
    assert len(lost) >= 7  # searches, run, model, run's end, statements, version, alias
    head = project.registry.head(project.name)
    assert promoted.version == head.aliases["champion"].number
    assert person.aliases(project.name) == {"champion": promoted.version}
    assert not head.strays
    assert not project.promote(path).predicate.changed


def test_an_alias_that_is_set_late_by_a_slow_promotion_does_not_undo_a_later_one(
    project: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.promoted("old")
    slow = project.model("slow")
    project.judged(slow)
    post = Server.post

    def overtaken(self: Server, path: str, right: str, /, **fields: Any) -> Any:
        if path == "registered-models/alias":
            monkeypatch.setattr(Server, "post", post)
            project.promoted("fast")  # after the slow one's log entry, before its alias
            assert person.aliases(project.name) == {"champion": 3}
        return post(self, path, right, **fields)

    monkeypatch.setattr(Server, "post", overtaken)
    assert project.promote(slow).predicate.result == "pass"
    assert person.aliases(project.name) == {"champion": 3}
    assert not project.registry.head(project.name).strays
    assert [change.after.number for change in project.registry.history(project.name)] == [1, 2, 3]


def test_an_mlflow_that_is_gone_after_the_log_entry_is_told_and_a_rerun_completes(
    project: Any, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.promoted("old")
    path = project.model("new")
    project.judged(path)

    def failing(self: HostedRegistry, *_: Any) -> None:
        raise OutsideError("MLflow failed.")

    with monkeypatch.context() as patched:
        patched.setattr(HostedRegistry, "_follow", failing)
        with pytest.raises(OutsideError) as caught:
            project.promote(path)
    assert str(caught.value) == (
        f"the log has the promotion as entry 2, but MLflow's alias 'champion' of {project.name!r} does not follow yet: "
        "MLflow failed. Run the promotion again to complete it."
    )
    assert person.aliases(project.name) == {"champion": 1}
    assert project.champion() == digest_path(path)
    assert not project.promote(path).predicate.changed
    assert person.aliases(project.name) == {"champion": 2}
