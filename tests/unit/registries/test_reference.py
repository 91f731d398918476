"""References mean the same everywhere, and a wrong one says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import AliasMissingError, Author, open_registry, resolve
from mlops_actions.registries.log import Log
from mlops_actions.registries.objects import Objects

ONE, TWO = digest_bytes(b"one"), digest_bytes(b"two")


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions 1 and 2 of `delay`; `champion` is 2, `challenger` is 1."""
    monkeypatch.chdir(tmp_path)
    registry = open_registry("file:registry")
    for content, alias in [(b"one", "challenger"), (b"two", "champion")]:
        path = Path(f"{alias}.joblib")
        path.write_bytes(content)
        blob = registry.store(path, digest_bytes(content))
        registry.point(registry.head("delay"), alias, blob, "promote", Author("test"))


@pytest.mark.parametrize(
    ("reference", "name", "sha256", "version"),
    [
        ("delay@champion", None, TWO, 2),
        ("delay@challenger", "other", ONE, 1),
        ("@champion", "delay", TWO, 2),
        ("delay:1", None, ONE, 1),
        ("delay:v2", None, TWO, 2),
        (f"sha256:{ONE}", "delay", ONE, 1),
        (f"sha256:{ONE}", None, ONE, None),
        (f"sha256:{ONE}", "other", ONE, None),
    ],
)
def test_a_reference_is_resolved_to_a_verified_file(
    reference: str, name: str | None, sha256: str, version: int | None
) -> None:
    model = resolve(reference, "file:registry", name)
    assert (model.reference, model.sha256, model.version) == (reference, sha256, version)
    assert digest_bytes(model.path.read_bytes()) == sha256
    assert model.path.suffix == ".joblib"
    assert model.name == ("delay" if version else None)


def test_a_path_needs_no_registry() -> None:
    model = resolve("champion.joblib", "file:none", None)
    assert (model.path, model.sha256, model.name, model.version) == (Path("champion.joblib"), TWO, None, None)


def test_no_file_can_stand_in_for_the_champion() -> None:
    Path("delay@champion").write_bytes(b"evil")
    assert resolve("delay@champion", "file:registry", None).sha256 == TWO
    assert resolve("./delay@champion", "file:registry", None).sha256 == digest_bytes(b"evil")


@pytest.mark.parametrize(
    ("reference", "name", "message"),
    [
        (
            "@champion",
            None,
            "the model '@champion' leaves its name out. Give the input 'name' or write name@champion.",
        ),
        (
            "delay@champoin",
            None,
            "'delay' has no alias 'champoin' in the registry 'file:registry'. Did you mean 'champion'?",
        ),
        ("dely@champion", None, "the registry 'file:registry' has no model 'dely'. Did you mean 'delay'?"),
        ("delay:3", None, "'delay' has no version 3 in the registry 'file:registry': it has the versions 1 to 2."),
        (
            "other:1",
            None,
            "'other' has no version 1 in the registry 'file:registry': nothing is registered under this name.",
        ),
        (f"sha256:{'0' * 64}", None, f"the registry 'file:registry' holds no model of SHA-256 {'0' * 64}."),
        ("sha256:1234", None, "'sha256:1234' is no SHA-256. Write sha256: and 64 digits of 0-9a-f."),
        ("sha256:abc", None, "'sha256:abc' is no SHA-256. Write sha256: and 64 digits of 0-9a-f."),
        ("none.joblib", None, "'none.joblib' does not exist. Check the path."),
        (" ", None, "the model's path is empty. Write a path, name@alias, name:version or sha256:…."),
    ],
)
def test_a_reference_to_nothing_says_what_there_is(reference: str, name: str | None, message: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(reference, "file:registry", name)
    assert str(caught.value) == message


@pytest.mark.parametrize(("reference", "location"), [("delay@staging", "file:registry"), ("delay@champion", "file:no")])
def test_an_alias_that_never_was_is_told_from_one_that_is_gone(reference: str, location: str) -> None:
    with pytest.raises(AliasMissingError) as caught:
        resolve(reference, location, None)
    assert not caught.value.ever_existed


def test_an_alias_that_is_gone_is_not_one_that_never_was() -> None:
    log = Log(Objects("file:registry"), "models/delay")
    head = log.head()
    assert head is not None
    state = {**head.state, "aliases": {**head.state["aliases"], "champion": None}}
    log.append(head.number + 1, head.sha256, head.change, state, "a later release")
    with pytest.raises(AliasMissingError) as caught:
        resolve("delay@champion", "file:registry", None)
    assert caught.value.ever_existed
    assert str(caught.value) == (
        "the alias 'champion' of 'delay' no longer names a model in 'file:registry'. Promote one, or roll back."
    )
