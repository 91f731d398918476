"""Promotions in a real MLflow: our log decides, its alias follows, and what people do there by hand is seen."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from mlflow_site import ADMIN, ADMIN_PASSWORD, BUCKET, MlflowSite, Person
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes, digest_path
from mlops_actions.registries import AliasMissingError, open_registry, resolve


@pytest.fixture(params=["served", "bucket"])
def either(request: pytest.FixtureRequest, site: MlflowSite, project: Any, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A server that passes artifacts on, and one with passwords that leaves its clients to the bucket."""
    if request.param == "served":
        return Person(site.url)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
    project.registry_location = f"mlflow+{site.guarded}#log=s3://{BUCKET}/log"
    return Person(site.guarded)


def champion(project: Any) -> Any:
    return resolve("@champion", project.registry_location, project.name)


def test_a_promotion_registers_a_version_with_its_evidence_and_lets_the_alias_follow(
    project: Any, either: Person
) -> None:
    first = project.promoted("first")
    second = project.promoted("second")
    assert either.aliases(project.name) == {"champion": 2}
    version = either.get("model-versions/get", name=project.name, version="2")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert tags == {
        "mlops-actions.sha256": second,
        "mlops-actions.suffix": ".joblib",
        "mlops-actions.size": "6",
        "mlops-actions.verdict": "pass",
    }
    files = either.get("artifacts/list", run_id=version["run_id"], path="model")["files"]
    assert [(one["path"], int(one["file_size"])) for one in files] == [("model/model.joblib", 6)]
    evidence = either.get("artifacts/list", run_id=version["run_id"], path=f"evidence/{project.name}")["files"]
    assert [Path(one["path"]).name.partition("-")[0] for one in evidence] == ["evaluation", "verdict"]

    found = champion(project)
    assert (found.sha256, found.version, found.path.read_bytes()) == (second, 2, b"second")
    assert found.path.suffix == ".joblib"
    registry = project.registry
    assert [change.after.sha256 for change in registry.history(project.name)] == [first, second]
    assert sorted(one.kind for one in registry.statements(project.name, second)) == ["evaluation", "verdict"]
    assert registry.version(project.name, 1).sha256 == registry.version(project.name, first).sha256 == first
    assert registry.version(project.name, 3) is None
    assert registry.blob(first).size == 5
    assert registry.blob("0" * 64) is None
    assert project.name in registry.names()


def test_the_log_is_an_input_of_its_own(site: MlflowSite, project: Any) -> None:
    promoted = project.model("first")
    project.judged(promoted)
    given = {"registry": f"mlflow+{site.url}", "log": f"s3://{BUCKET}/log"}
    assert project.promote(promoted, **given).predicate.registry == project.registry_location
    assert champion(project).sha256 == digest_path(promoted)


def test_a_model_is_stored_and_registered_once(project: Any, person: Person) -> None:
    first = project.promoted("first")
    project.promoted("second")
    again = project.promote(rollback_to="previous").predicate
    assert (again.version, again.after, again.entry) == (1, first, 3)
    assert person.aliases(project.name) == {"champion": 1}
    other = project.promote("build/first.joblib", alias="staging", require=["evaluation"]).predicate
    assert (other.result, other.version) == ("pass", 1)
    assert person.aliases(project.name) == {"champion": 1, "staging": 1}


@pytest.mark.usefixtures("site")
def test_what_is_attached_lies_beside_the_log(project: Any) -> None:
    registry = project.registry
    assert registry.attach(project.name, "looks/data/model", b"1")
    assert not registry.attach(project.name, "looks/data/model", b"2")
    assert registry.attached(project.name, "looks/data/model") == b"1"
    assert registry.attachments(project.name, "looks") == ["looks/data/model"]
    assert open_registry(f"s3://{BUCKET}/log").attached(project.name, "looks/data/model") == b"1"


def test_an_alias_that_was_moved_by_hand_is_told_and_not_overwritten(project: Any, person: Person) -> None:
    project.promoted("first")
    second = project.promoted("second")
    person.post("registered-models/alias", name=project.name, alias="champion", version="1")
    assert champion(project).sha256 == second  # the log decides
    third = project.model("third")
    project.judged(third)
    refused = project.promote(third).predicate
    (reason,) = refused.reasons
    assert (refused.result, refused.changed, reason.code) == ("fail", False, "alias-moved-by-hand")
    assert reason.message == (
        f"Somebody moved the alias 'champion' of {project.name!r} by hand: the hosted registry says version 1, the log "
        f"says version 2 ({second[:12]}) (or a promotion was killed while another one ran)."
    )
    assert person.aliases(project.name) == {"champion": 1}
    forced = project.promote(third, force="the old one was a mistake").predicate
    assert (forced.result, forced.version, forced.before) == ("pass", 3, second)
    assert person.aliases(project.name) == {"champion": 3}
    assert not project.registry.head(project.name).strays


def test_an_alias_that_was_moved_by_hand_is_put_back_by_force(project: Any, person: Person) -> None:
    project.promoted("first")
    project.promoted("second")
    person.post("registered-models/alias", name=project.name, alias="champion", version="1")
    assert project.promote("build/second.joblib").predicate.result == "fail"
    assert project.promote("build/second.joblib", force="put the champion back").predicate.changed
    assert person.aliases(project.name) == {"champion": 2}


@pytest.mark.parametrize("how", ["version", "alias"])
def test_a_champion_that_was_deleted_by_hand_is_gone_and_can_be_promoted_again(
    project: Any, person: Person, how: str
) -> None:
    first = project.promoted("first")
    if how == "version":
        person.delete("model-versions/delete", name=project.name, version="1")
    else:
        person.delete("registered-models/alias", name=project.name, alias="champion")
    with pytest.raises(AliasMissingError) as caught:
        champion(project)
    assert caught.value.ever_existed
    project.judged("build/first.joblib", champion=None)
    again = project.promote("build/first.joblib").predicate
    assert (again.result, again.before, again.after) == ("pass", None, first)
    assert person.aliases(project.name) == {"champion": 2 if how == "version" else 1}
    assert champion(project).sha256 == first


@pytest.mark.parametrize(
    "files", [{"model.pkl": b"theirs"}, {"MLmodel": b"flavors: {}", "model.pkl": b"theirs"}], ids=["file", "folder"]
)
def test_a_champion_that_others_registered_is_compared_with_until_the_first_promotion(
    project: Any, person: Person, files: dict[str, bytes]
) -> None:
    person.register(project.name, files, alias="champion")
    theirs = champion(project)
    assert (theirs.version, theirs.sha256) == (1, digest_path(theirs.path))
    assert theirs.path.is_dir() == (len(files) > 1)
    ours = project.promoted("ours")
    (change,) = project.registry.history(project.name)
    assert (change.before.number, change.before.sha256, change.after.sha256) == (1, theirs.sha256, ours)
    assert person.aliases(project.name) == {"champion": 2}
    assert project.registry.version(project.name, 1).sha256 == theirs.sha256


def test_a_forged_digest_does_not_pass_for_the_model(project: Any, person: Person) -> None:
    project.promoted("ours")
    number = person.register(project.name, {"model.pkl": b"theirs"})
    wrong = digest_bytes(b"something else")
    for key, value in {"sha256": wrong, "suffix": ".pkl", "size": "6"}.items():
        tag = {"key": f"mlops-actions.{key}", "value": value}
        person.post("model-versions/set-tag", name=project.name, version=str(number), **tag)
    with pytest.raises(OutsideError, match=r"is damaged: its bytes have another SHA-256"):
        resolve(f":{number}", project.registry_location, project.name)


def test_an_alias_that_mlflow_keeps_to_itself_is_refused_before_anything_is_logged(
    project: Any, person: Person
) -> None:
    path = project.model("first")
    project.judged(path)
    with pytest.raises(InputError) as caught:
        project.promote(path, alias="latest")
    assert str(caught.value) == "alias: MLflow keeps the alias 'latest' to itself. Take another name, such as champion."
    assert project.registry.head(project.name).entry == 0


def test_what_is_not_allowed_is_named_and_the_password_is_not(
    site: MlflowSite, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.registry_location = f"mlflow+{site.guarded}#log=s3://{BUCKET}/log"
    host = site.guarded.removeprefix("http://")
    path = project.model("first")
    with pytest.raises(InputError) as caught:
        project.registry.head(project.name)
    assert str(caught.value) == (
        f"MLflow at '{host}' wants to know who asks (status 401) before we may read the registered model "
        f"{project.name!r}. Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
        "from a secret."
    )
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "not-the-password")
    with pytest.raises(InputError) as caught:
        project.registry.head(project.name)
    assert str(caught.value) == (
        f"MLflow at '{host}' does not accept the user of MLFLOW_TRACKING_USERNAME (status 401), so we cannot read the "
        f"registered model {project.name!r}. Renew it."
    )
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN_PASSWORD)
    project.promoted("first")
    reader = f"reader-{secrets.token_hex(4)}"
    Person(site.guarded).post("users/create", username=reader, password="reader-of-the-test")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", reader)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "reader-of-the-test")
    assert champion(project).sha256 == digest_path(path)  # who may read can evaluate and gate
    second = project.model("stored by nobody else")
    project.judged(second)
    with pytest.raises(InputError) as caught:
        project.promote(second)
    assert str(caught.value) == (
        f"MLflow at '{host}' does not allow the user of MLFLOW_TRACKING_USERNAME to make runs in the experiment "
        "'mlops-actions' (status 403). Give that user the right, or run without this action where it must not have it."
    )
    assert "reader-of-the-test" not in str(caught.value)
