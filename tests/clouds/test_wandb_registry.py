"""Models in a stand-in of Weights & Biases, which the vendor's own client speaks to in test_wandb_client.py."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Blob, Registry, open_registry
from registry_contract import AUTHOR, RegistryContract, stored
from wandb_fake import KEY, READER, REGISTRY, WandbFake

PLACE = "wandb:acme/wandb-registry-model?from=ml/flights/trained"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbFake]:
    fake = WandbFake()
    variables = {"WANDB_BASE_URL": fake.address, "WANDB_API_KEY": KEY, "HOME": str(tmp_path / "home")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.01)
    yield fake
    fake.close()


@pytest.fixture
def registry(server: WandbFake, tmp_path: Path) -> Registry:
    """One whose models training has logged as soon as they are stored, and not sooner."""
    made = open_registry(f"{PLACE}#log=file:{tmp_path}/log")
    system: Any = made._system  # type: ignore[attr-defined]
    store = system.store

    def stored_and_logged(path: Path, sha256: str) -> Blob:
        found: Blob = store(path, sha256)
        server.log("trained", **{path.name.replace(".", "__"): path.read_bytes()})
        return found

    system.store = stored_and_logged
    return made


@pytest.fixture
def name() -> str:
    return f"delay-{secrets.token_hex(4)}"


class TestWandb(RegistryContract):
    pass


def promote(registry: Registry, name: str, content: str, alias: str = "champion") -> None:
    assert registry.point(registry.head(name), alias, stored(registry, content), "promote", AUTHOR)


def test_what_training_logged_is_linked_with_its_digest_and_alias(
    registry: Registry, server: WandbFake, name: str
) -> None:
    promote(registry, name, "first")
    promote(registry, name, "second")
    found = server.registered(name)
    assert (found.kind, found.aliases, len(found.versions)) == ("ArtifactPortfolio", {"champion": 1}, 2)
    noted = json.loads(server.artifacts[found.versions[1]].metadata)
    assert noted["mlops-actions.sha256"] == digest_bytes(b"second")
    assert noted["mlops-actions.run"] == AUTHOR.run_url


def test_a_model_that_nobody_logged_is_refused_with_how_it_is_logged(
    server: WandbFake, tmp_path: Path, name: str
) -> None:
    registry = open_registry(f"{PLACE}#log=file:{tmp_path}/log")
    with pytest.raises(InputError) as caught:
        promote(registry, name, "first")
    assert str(caught.value) == (
        f"W&B has no artifact with the model 'model.joblib' ({digest_bytes(b'first')[:12]}) in "
        f"acme/wandb-registry-model/{name} and ml/flights/trained. Log it where it is trained: "
        f"run.log_artifact('model.joblib', name='{name}', type='model'), and name that project after ?from= in the "
        "registry's location."
    )
    assert registry.head(name).entry == 0


def test_an_alias_that_a_person_moved_is_told_and_not_moved_back(
    registry: Registry, server: WandbFake, name: str
) -> None:
    promote(registry, name, "first")
    promote(registry, name, "second")
    server.registered(name).aliases["champion"] = 0
    assert registry.head(name).strays == {"champion": 1}
    del server.registered(name).aliases["champion"]
    assert registry.head(name).strays == {"champion": None}


def test_a_champion_that_a_person_chose_is_known_by_its_bytes_and_stays_so(
    registry: Registry, server: WandbFake, tmp_path: Path, name: str
) -> None:
    artifact = server.log("trained", model__pkl=b"theirs")
    link = {"artifactID": artifact.id, "entityName": REGISTRY[0], "projectName": REGISTRY[1]}
    server._LinkArtifact(link | {"artifactPortfolioName": name, "aliases": [{"alias": "champion"}]})
    before = registry.head(name).aliases["champion"]
    assert before is not None
    assert (before.number, before.sha256) == (1, digest_bytes(b"theirs"))
    assert registry.fetch(before.blob).read_bytes() == b"theirs"
    promote(registry, name, "ours")
    later = open_registry(registry.location)
    assert later.version(name, before.sha256) == before
    assert registry.point(later.head(name), "champion", before.blob, "roll-back", AUTHOR)
    assert server.registered(name).aliases == {"champion": 0}


def test_a_version_that_took_the_metadata_of_another_along_is_known_by_its_own_bytes(
    registry: Registry, server: WandbFake, name: str
) -> None:
    promote(registry, name, "first")
    draft = server.log("trained", model__pkl=b"edited")
    draft.metadata = server.artifacts[server.registered(name).versions[0]].metadata
    link = {"artifactID": draft.id, "entityName": REGISTRY[0], "projectName": REGISTRY[1]}
    server._LinkArtifact(link | {"artifactPortfolioName": name})
    edited, first = registry.version(name, 2), registry.version(name, digest_bytes(b"first"))
    assert edited is not None
    assert first is not None
    assert (edited.sha256, first.number) == (digest_bytes(b"edited"), 1)


def test_answers_that_were_lost_leave_one_version_and_one_entry(
    registry: Registry, server: WandbFake, name: str
) -> None:
    for operation in ("LinkArtifact", "AddAliases", "UpdateArtifact"):
        server.order(operation, 0)
    promote(registry, name, "first")
    head = registry.head(name)
    assert (head.entry, head.versions, head.strays) == (1, 1, {})


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_throttles_is_asked_again(registry: Registry, server: WandbFake, name: str, status: int) -> None:
    server.order("AddAliases", status, times=2)
    promote(registry, name, "first")
    assert registry.head(name).strays == {}


def test_an_alias_that_could_not_follow_is_told_and_follows_later(
    registry: Registry, server: WandbFake, name: str
) -> None:
    promote(registry, name, "first")
    server.order("AddAliases", 403)
    with pytest.raises(OutsideError) as caught:
        promote(registry, name, "second")
    assert str(caught.value) == (
        f"the log has the promotion as entry 2, but W&B's alias 'champion' of '{name}' does not follow yet: "
        "W&B does not allow the key of WANDB_API_KEY to set aliases in 'wandb-registry-model'. "
        "Run the promotion again to complete it."
    )
    registry.settle(registry.head(name))
    assert server.registered(name).aliases == {"champion": 1}


def test_an_alias_that_could_not_follow_does_so_with_the_next_promotion_of_another(
    registry: Registry, server: WandbFake, name: str
) -> None:
    promote(registry, name, "first")
    server.order("AddAliases", 403)
    with pytest.raises(OutsideError):
        promote(registry, name, "second")
    promote(registry, name, "third", "challenger")
    assert server.registered(name).aliases == {"champion": 1, "challenger": 2}
    assert registry.head(name).strays == {}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            READER,
            "W&B does not allow the key of WANDB_API_KEY to change artifacts that 'wandb-registry-model' links to. "
            "Give its user or service account that role.",
        ),
        (
            "c" * 40,
            "W&B does not accept the key of WANDB_API_KEY (status 401), so we cannot read the project "
            "'wandb-registry-model'. It is expired or revoked: make a new one.",
        ),
        (
            None,
            "W&B wants to know who asks (status 401) before we may read the project 'wandb-registry-model'. "
            "Set WANDB_API_KEY from a secret.",
        ),
    ],
)
def test_a_key_that_may_not_promote_is_told_what_it_lacks(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, name: str, key: str | None, message: str
) -> None:
    monkeypatch.delenv("WANDB_API_KEY")
    if key:
        monkeypatch.setenv("WANDB_API_KEY", key)
    with pytest.raises(InputError) as caught:
        promote(registry, name, "first")
    assert str(caught.value) == message


def test_a_project_that_is_not_there_is_told(server: WandbFake, tmp_path: Path) -> None:
    registry = open_registry(f"wandb:acme/nowhere#log=file:{tmp_path}/log")
    with pytest.raises(InputError) as caught:
        registry.names()
    assert str(caught.value) == (
        "W&B shows us no project 'nowhere' of 'acme'. Check both, and the rights of the key in WANDB_API_KEY."
    )


def test_names_and_versions_are_read_over_all_pages(registry: Registry) -> None:
    for number in range(5):
        promote(registry, f"model-{number}", f"model {number}")
        promote(registry, "model-0", f"version {number}")
    assert registry.names() == [f"model-{number}" for number in range(5)]
    assert registry.head("model-0").versions == 6


@pytest.mark.parametrize("location", ["wandb:acme", "wandb:acme/models?from=ml", "wandb://acme/models"])
def test_a_location_that_names_no_project_is_refused(location: str) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(f"{location}#log=s3://bucket/log")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Write wandb:ENTITY/PROJECT")
