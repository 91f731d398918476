"""promote-champion on a disk: what moves, what is refused, what is said."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.ci.sources import Given, collect, read_inputs
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.statement import Material
from mlops_actions.evidence.training import Training
from mlops_actions.promote_champion.action import Inputs
from mlops_actions.registries import resolve


def test_the_first_model_becomes_champion(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    path = project.model("one")
    verdict = project.judged(path)
    with caplog.at_level(logging.INFO, "mlops_actions"):
        statement = project.promote(path)
    sha256 = digest_bytes(b"one")
    promotion = statement.predicate
    assert (statement.name, statement.sha256, promotion.result) == ("delay", sha256, "pass")
    assert (promotion.registry, promotion.name, promotion.alias) == ("file:registry", "delay", "champion")
    assert (promotion.before, promotion.after, promotion.version, promotion.entry) == (None, sha256, 1, 1)
    assert promotion.changed
    assert promotion.reasons == []
    assert [material.uri for material in promotion.materials] == [verdict]
    assert resolve("delay@champion", "file:registry", None).sha256 == sha256
    assert caplog.messages == [
        "storing build/one.joblib in the registry file:registry",
        "keeping 2 statements beside it",
        f"champion of delay: nothing → version 1 ({sha256[:12]}), log entry 1",
    ]


def test_a_better_model_takes_its_place(project: Any) -> None:
    one, two = project.promoted("one"), project.promoted("two")
    assert project.champion() == two
    changes = list(project.registry.history("delay"))
    assert [(change.before and change.before.sha256, change.after.sha256) for change in changes] == [
        (None, one),
        (one, two),
    ]


def test_a_second_promotion_of_the_same_model_changes_nothing_and_passes(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    first = project.promote(path)
    project.state(path, first.predicate)
    before = project.files()
    again = project.promote(path)
    assert again.predicate.result == "pass"
    assert not again.predicate.changed
    assert again.predicate.entry is None
    assert (again.predicate.before, again.predicate.after) == (first.sha256, first.sha256)
    assert again.predicate.version == 1
    assert project.files() == before


def test_a_model_that_nobody_judged_is_refused(project: Any) -> None:
    path = project.model("one")
    project.judged(project.model("another"))
    promotion = project.promote(path).predicate
    assert promotion.result == "fail"
    assert [(reason.code, reason.message) for reason in promotion.reasons] == [
        (
            "no-verdict",
            f"No verdict is about this model ({digest_bytes(b'one')[:12]}); promotion requires one that passes.",
        )
    ]
    assert not promotion.changed
    assert not Path("registry").exists()


@pytest.mark.parametrize("result", ["fail", "inconclusive"])
def test_the_newest_verdict_counts(project: Any, result: Any) -> None:
    path = project.model("one")
    project.judged(path)
    project.judged(path, result)
    promotion = project.promote(path).predicate
    assert [reason.code for reason in promotion.reasons] == [f"verdict-{'failed' if result == 'fail' else result}"]
    project.judged(path)
    assert project.promote(path).predicate.result == "pass"


def test_a_stale_verdict_is_refused(project: Any) -> None:
    one = project.promoted("one")
    path = project.model("three")
    project.judged(path)
    two = project.promoted("two")
    before = project.files()
    promotion = project.promote(path).predicate
    assert [reason.message for reason in promotion.reasons] == [
        f"The verdict compared this model ({digest_bytes(b'three')[:12]}) with the champion {one[:12]}, but 'delay' "
        f"has the champion version 2 ({two[:12]}) now: evaluate and gate it again."
    ]
    assert (promotion.before, promotion.after, promotion.version) == (two, two, None)
    assert project.files() == before


def test_the_train_promotes_a_challenger_and_after_its_rollout_a_champion(project: Any) -> None:
    one = project.promoted("one")
    path = project.model("two")
    project.judged(path)
    challenger = project.promote(alias="challenger").predicate
    assert (challenger.result, challenger.version, challenger.before) == ("pass", 2, None)
    early = project.promote(require="verdict, rollout").predicate
    assert [reason.code for reason in early.reasons] == ["no-rollout"]
    project.rolled_out(path, "fail")
    refused = project.promote(require=["verdict", "rollout"]).predicate
    assert [reason.code for reason in refused.reasons] == ["rollout-failed"]
    assert project.champion() == one
    project.rolled_out(path, "pass")
    champion = project.promote(require=["verdict", "rollout"]).predicate
    assert (champion.result, champion.version, champion.before) == ("pass", 2, one)
    assert project.champion() == digest_bytes(b"two")
    again = project.promote(alias="challenger").predicate
    assert (again.result, again.changed) == ("pass", False)


@pytest.mark.parametrize("strategy", ["shadow", "ab"])
def test_a_claim_that_a_shadow_or_an_ab_test_has_shown_is_a_rollout_that_passes(project: Any, strategy: str) -> None:
    """Traffic was left as it was; whoever requires a canary runs it last, since the newest rollout counts."""
    path = project.model("two")
    project.judged(path)
    project.rolled_out(path, "inconclusive", strategy=strategy, outcome="held")
    refused = project.promote(require=["verdict", "rollout"]).predicate
    assert [reason.code for reason in refused.reasons] == ["rollout-inconclusive"]
    project.rolled_out(path, "pass", strategy=strategy, outcome="held")
    assert project.promote(require=["verdict", "rollout"]).predicate.result == "pass"
    project.rolled_out(path, "fail")
    refused = project.promote(alias="other", require=["verdict", "rollout"]).predicate
    assert [reason.code for reason in refused.reasons] == ["rollout-failed"]


def test_without_the_input_model_the_newest_verdict_says_which(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    project.judged(project.model("one"))
    project.judged(project.model("two"))
    with caplog.at_level(logging.INFO, "mlops_actions"):
        assert project.promote().sha256 == digest_bytes(b"two")
    assert caplog.messages[0].startswith(f"promoting build/two.joblib ({digest_bytes(b'two')[:12]}), which verdict-")


def test_a_registered_model_needs_no_file_any_more(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    project.promote(path, alias="challenger")
    Path(path).unlink()
    assert project.promote().predicate.result == "pass"
    assert project.promote("delay@challenger", alias="fallback").predicate.result == "pass"


def test_the_evidence_goes_with_the_model(project: Any) -> None:
    path = project.model("one")
    project.model("some data", "data.csv")
    report = DataReport(result="pass", rows=1, columns=[], checks=[])
    project.state("data.csv", report)
    data = Material(name="data", uri="data.csv", digest={"sha256": digest_bytes(b"some data")})
    project.state(path, Training(result="pass", materials=[data], command=["train"], exit_code=0, seconds=1))
    project.judged(path)
    project.judged(project.model("another"))
    project.promote(path)
    kept = project.registry.statements("delay", digest_bytes(b"one"))
    assert sorted(statement.kind for statement in kept) == ["data-report", "evaluation", "training", "verdict"]


def test_a_dry_run_says_what_it_would_do_and_does_nothing(project: Any) -> None:
    one = project.promoted("one")
    path = project.model("two")
    project.judged(path)
    before = project.files()
    promotion = project.promote(path, dry_run=True).predicate
    assert (promotion.result, promotion.changed, promotion.entry) == ("pass", False, None)
    assert (promotion.before, promotion.after) == (one, one)
    assert [(reason.code, reason.message) for reason in promotion.reasons] == [
        (
            "dry-run",
            f"Dry run: champion of 'delay' is version 1 ({one[:12]}) and would become a new version 2 "
            f"({digest_bytes(b'two')[:12]}).",
        )
    ]
    assert project.files() == before
    project.judged(path, "fail")
    assert project.promote(path, dry_run=True).predicate.result == "fail"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"rollback_to": "previous"},
            f"the alias 'champion' of 'delay' named no model before version 1 ({digest_bytes(b'one')[:12]}). "
            "There is nothing to return to.",
        ),
        (
            {"rollback_to": "2"},
            "the alias 'champion' of 'delay' never named '2'; it named the versions 1. "
            "Roll back to one of these, or promote the model.",
        ),
        (
            {"rollback_to": "prev"},
            "the input 'rollback-to' is 'prev'. Write a version such as 3, sha256:… or previous.",
        ),
        (
            {"rollback_to": "previous", "alias": "staging"},
            "the alias 'staging' of 'delay' never named a model in the registry 'file:registry'. "
            "There is nothing to roll back; promote a model.",
        ),
        (
            {"rollback_to": "1", "model": "build/one.joblib"},
            "the inputs 'model' and 'rollback-to' contradict each other. Give 'model' to promote it, or "
            "'rollback-to' to return to a model that the alias named before.",
        ),
        (
            {"evidence": "none"},
            "which model to promote is not said, and the folder 'none' holds no verdict. "
            "Give the input 'model', or run quality-gate with the same 'evidence' before.",
        ),
        ({"model": "build/none.joblib"}, "'build/none.joblib' does not exist. Check the path."),
        ({"model": "empty"}, "the folder 'empty' holds no file."),
    ],
)
def test_a_wrong_input_is_explained(project: Any, given: dict[str, str], message: str) -> None:
    project.promoted("one")
    Path("empty").mkdir()
    path = project.model("two")
    project.judged(path)
    project.promote(path, alias="challenger")
    before = project.files()
    with pytest.raises(InputError) as caught:
        project.promote(**given)
    assert str(caught.value) == message
    assert project.files() == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"require": "verdikt"},
            "mlops.yml:3: the input 'require' is 'verdikt': it should be 'verdict', 'rollout', 'evaluation' or "
            "'training'.",
        ),
        (
            {"require": ""},
            "mlops.yml:3: the input 'require' is '': name at least one kind of statement, such as verdict.",
        ),
        (
            {"alias": "a/b"},
            "mlops.yml:3: the input 'alias' is 'a/b': write up to 100 letters, digits, '.', '_' and '-', "
            "the first a letter or digit.",
        ),
    ],
)
def test_a_wrong_word_is_explained_with_its_place(given: dict[str, str], message: str) -> None:
    layers = collect({}, {})
    layers.maps.insert(0, {key: Given(value, "mlops.yml:3") for key, value in {"name": "delay", **given}.items()})
    with pytest.raises(InputError) as caught:
        read_inputs(Inputs, layers, "promote-champion")
    assert str(caught.value) == message


def test_the_name_is_needed() -> None:
    with pytest.raises(InputError) as caught:
        read_inputs(Inputs, collect({}, {}), "promote-champion")
    assert str(caught.value) == (
        "promote-champion needs the input 'name'. "
        "Give --name, INPUT_NAME, or 'name' below 'promote-champion' in mlops.yml."
    )


def test_a_model_that_changed_since_it_was_judged_is_refused(project: Any) -> None:
    path = project.model("one")
    verdict = Path(project.judged(path)).name
    project.model("another", path)
    with pytest.raises(InputError) as caught:
        project.promote()
    assert str(caught.value) == (
        f"the model 'build/one.joblib' changed since it was judged: its SHA-256 is {digest_bytes(b'another')[:12]}…, "
        f"{verdict} is about {digest_bytes(b'one')[:12]}…. "
        "Give the input 'model' its path, or evaluate and gate it again."
    )
    Path(path).unlink()
    with pytest.raises(InputError) as caught:
        project.promote()
    assert str(caught.value) == (
        f"the model that {verdict} is about is not where it was judged: 'build/one.joblib' does not exist. "
        "Give the input 'model' its path, or evaluate and gate it again."
    )


def test_edited_evidence_is_refused(project: Any) -> None:
    path = project.model("one")
    verdict = Path(project.judged(path, "fail"))
    verdict.write_text(verdict.read_text().replace('"fail"', '"pass"'))
    with pytest.raises(InputError, match="the statement was edited or truncated"):
        project.promote(path)
    assert not Path("registry").exists()


def test_an_unwritable_registry_is_named(project: Any) -> None:
    path = project.model("one")
    project.judged(path)
    Path("file").write_text("no folder can be made below a file")
    project.registry_location = "file:file/registry"
    with pytest.raises(OutsideError) as caught:
        project.promote(path)
    assert str(caught.value) == (
        "the registry 'file:file/registry' cannot be written: Not a directory. "
        "Check that it is there, your rights and the free space, then run it again."
    )
    assert caught.value.exit_code == 4
