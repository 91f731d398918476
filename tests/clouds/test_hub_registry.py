"""Models on a stand-in of the Hugging Face Hub, which the Hub's own client speaks to in test_hub_client.py."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub_fake import EXPIRED, GOOD, LIMIT, OWNER, PART, READER, HubFake
from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Registry, open_registry
from registry_contract import AUTHOR, RegistryContract, stored


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubFake]:
    fake = HubFake()
    for name, value in {"HF_ENDPOINT": fake.address, "HF_TOKEN": GOOD, "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("mlops_actions.registries.huggingface.system._PAUSE", 0.01)
    yield fake
    fake.close()


@pytest.fixture
def registry(hub: HubFake, tmp_path: Path) -> Registry:
    return open_registry(f"hf:{OWNER}#log=file:{tmp_path}/log")


@pytest.fixture
def name() -> str:
    return f"delay-{secrets.token_hex(4)}"


class TestHub(RegistryContract):
    pass


def promote(registry: Registry, name: str, content: str, alias: str = "champion") -> None:
    assert registry.point(registry.head(name), alias, stored(registry, content), "promote", AUTHOR)


def held(hub: HubFake, name: str, revision: str) -> dict[str, bytes]:
    """The files of a revision, as anybody gets them."""
    found = hub.repositories[f"{OWNER}/{name}"]
    return found.commits[found.find(revision) or ""]


def test_a_version_is_a_tag_and_an_alias_a_branch_with_the_models_file(
    registry: Registry, hub: HubFake, name: str
) -> None:
    promote(registry, name, "first")
    promote(registry, name, "second")
    promote(registry, name, "first", "staging")
    contents = {revision: held(hub, name, revision)["model.joblib"] for revision in ("v1", "v2", "champion", "staging")}
    assert contents == {"v1": b"first", "v2": b"second", "champion": b"second", "staging": b"first"}
    assert sorted(hub.repositories[f"{OWNER}/{name}"].branches) == ["champion", "main", "staging"]


def test_a_file_of_another_kind_takes_the_place_of_the_one_before(registry: Registry, hub: HubFake, name: str) -> None:
    promote(registry, name, "first")
    Path("model.json").write_text('{"trees": []}')
    text = registry.store(Path("model.json"), digest_bytes(b'{"trees": []}'))
    assert registry.point(registry.head(name), "champion", text, "promote", AUTHOR)
    for revision in ("v2", "champion"):
        assert sorted(held(hub, name, revision)) == [".gitattributes", "mlops-actions.json", "model.json"]
    later = open_registry(registry.location)
    assert later.fetch(text).read_text() == '{"trees": []}'
    assert later.head(name).strays == {}


def test_a_large_model_goes_up_in_parts_and_comes_back_whole(registry: Registry, hub: HubFake, name: str) -> None:
    content = secrets.token_hex(PART)
    promote(registry, name, content)
    assert sum("/storage/" in request and request.startswith("PUT") for request in hub.requests) == 2
    blob = registry.head(name).aliases["champion"]
    assert blob is not None
    assert open_registry(registry.location).fetch(blob.blob).read_text() == content


def test_a_model_over_the_limit_is_refused_and_the_champion_stays(registry: Registry, hub: HubFake, name: str) -> None:
    promote(registry, name, "first")
    with pytest.raises(InputError) as caught:
        promote(registry, name, "x" * (LIMIT + 1))
    assert str(caught.value) == (
        f"the Hub does not take the model {digest_bytes(b'x' * (LIMIT + 1))[:12]} of {LIMIT + 1} bytes: "
        f"File is larger than the limit of {LIMIT} bytes."
    )
    assert registry.head(name).entry == 1
    assert held(hub, name, "champion")["model.joblib"] == b"first"


def test_a_branch_that_a_person_moved_or_changed_is_told_and_left_alone(
    registry: Registry, hub: HubFake, name: str
) -> None:
    promote(registry, name, "first")
    promote(registry, name, "second")
    repository = hub.repositories[f"{OWNER}/{name}"]
    repository.branches["champion"] = repository.tags["v1"]
    assert registry.head(name).strays == {"champion": 1}
    assert held(hub, name, "champion")["model.joblib"] == b"first"
    repository.branches["champion"] = repository.tags["v2"]
    assert registry.head(name).strays == {}
    repository.commit("champion", held(hub, name, "champion") | {"model.joblib": b"theirs"})
    assert registry.head(name).strays == {"champion": None}


def test_of_many_promotions_at_once_one_wins_and_the_branch_follows(
    registry: Registry, hub: HubFake, name: str
) -> None:
    promote(registry, name, "first")
    head = registry.head(name)
    blobs = [stored(registry, f"candidate {number}") for number in range(4)]
    for number in range(4):
        Path(f"{number}.joblib").write_text(f"candidate {number}")
        registry.store(Path(f"{number}.joblib"), blobs[number].sha256)
    with ThreadPoolExecutor(4) as people:
        heads = list(people.map(lambda blob: registry.point(head, "champion", blob, "promote", AUTHOR), blobs))
    assert sum(one is not None for one in heads) == 1
    champion = registry.head(name).aliases["champion"]
    assert champion is not None
    assert digest_bytes(held(hub, name, "champion")["model.joblib"]) == champion.sha256
    numbers = [one.number for blob in blobs for one in [registry.version(name, blob.sha256)] if one]
    assert sorted(numbers) == sorted(set(numbers))


def test_answers_that_were_lost_leave_one_version_and_one_entry(registry: Registry, hub: HubFake, name: str) -> None:
    for pattern in ("POST .*/commit/", "POST .*/branch/", "POST .*/tag/", "POST .*/repos/create", "PUT "):
        hub.order(pattern, 0)
    promote(registry, name, "first")
    hub.order("POST .*/commit/champion", 0)
    promote(registry, name, "second")
    head = registry.head(name)
    assert (head.entry, head.versions, head.strays) == (2, 2, {})
    assert held(hub, name, "champion")["model.joblib"] == b"second"


def test_a_commit_that_is_not_shown_yet_makes_no_second_version(registry: Registry, hub: HubFake, name: str) -> None:
    promote(registry, name, "first")
    hub.lagging = 2
    promote(registry, name, "second")
    assert registry.head(name).versions == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_hub_that_throttles_is_asked_again_when_it_says(
    registry: Registry, hub: HubFake, name: str, status: int
) -> None:
    hub.order("POST .*/commit/", status, times=2)
    promote(registry, name, "first")
    assert registry.head(name).strays == {}


def test_a_version_that_was_killed_before_its_tag_gets_it_later(registry: Registry, hub: HubFake, name: str) -> None:
    hub.order("POST .*/tag/", 403)
    with pytest.raises(InputError):
        promote(registry, name, "first")
    assert registry.head(name).entry == 0
    promote(registry, name, "first")
    assert held(hub, name, "v1")["model.joblib"] == b"first"
    assert registry.head(name).versions == 1


def test_a_branch_that_could_not_follow_is_told_and_follows_later(registry: Registry, hub: HubFake, name: str) -> None:
    promote(registry, name, "first")
    hub.order("POST .*/commit/champion", 403)
    with pytest.raises(OutsideError) as caught:
        promote(registry, name, "second")
    assert str(caught.value) == (
        f"the log has the promotion as entry 2, but Hugging Face's alias 'champion' of '{name}' does not follow yet: "
        f"the Hub does not allow the token of HF_TOKEN to write to '{OWNER}/{name}' (status 403). "
        "Run the promotion again to complete it."
    )
    assert registry.head(name).strays == {}
    registry.settle(registry.head(name))
    assert held(hub, name, "champion")["model.joblib"] == b"second"


REFUSED: dict[str, tuple[str | None, type[MlopsError], str]] = {
    "only read": (
        READER,
        InputError,
        f"the Hub does not allow the token of HF_TOKEN to make repositories of '{OWNER}' (status 403). "
        "Give it that right: a fine-grained token has them by owner and repository.",
    ),
    "expired": (
        EXPIRED,
        InputError,
        f"the Hub does not accept the token of HF_TOKEN (status 401), so we cannot read '{OWNER}/delay'. "
        "It is expired or revoked: make a new one, at huggingface.co/settings/tokens.",
    ),
    "none": (
        None,
        InputError,
        f"the Hub does not allow us to make repositories of '{OWNER}' (status 403). "
        "Give it that right: a fine-grained token has them by owner and repository.",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
def test_a_token_that_may_not_promote_is_told_what_it_lacks(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    token, kind, message = REFUSED[which]
    monkeypatch.delenv("HF_TOKEN")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(kind) as caught:
        promote(registry, "delay", "first")
    assert str(caught.value) == message
    monkeypatch.setenv("HF_TOKEN", GOOD)
    assert registry.head("delay").entry == 0


def test_an_endpoint_that_is_no_hub_or_fails_is_told(registry: Registry, hub: HubFake) -> None:
    hub.order("GET .*/refs", 502, times=5)
    with pytest.raises(
        OutsideError, match=r"^the Hub at 'http://127\.0\.0\.1:\d+' failed 5 times in a row: status 502"
    ):
        registry.head("delay")


def test_names_are_read_over_all_pages(registry: Registry) -> None:
    for number in range(5):
        promote(registry, f"model-{number}", f"model {number}")
    assert registry.names() == [f"model-{number}" for number in range(5)]


def test_an_alias_that_versions_need_is_refused(registry: Registry) -> None:
    blob = stored(registry, "first")
    for alias in ("main", "v7"):
        with pytest.raises(InputError, match=f"^alias: the Hub's revision '{alias}' holds a version"):
            registry.point(registry.head("delay"), alias, blob, "promote", AUTHOR)


def test_a_location_without_an_owner_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        open_registry("hf:#log=s3://bucket/log")
    assert str(caught.value) == "the registry 'hf:' names no owner. Write hf:OWNER, a user or organization of the Hub."


def test_the_token_goes_to_the_hub_only(
    registry: Registry, hub: HubFake, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage refuses nothing, so its requests are looked at where they are made."""
    import requests

    sent: list[tuple[str, bool]] = []
    before = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **given: object) -> requests.Response:
        sent.append((str(request.url), "Authorization" in request.headers))
        return before(self, request, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr(hub, "storage", hub.storage.replace("127.0.0.1", "localhost"))
    promote(registry, name, "first")
    assert all(authorised is ("localhost" not in url) for url, authorised in sent)
    assert any("localhost" in url for url, _ in sent)
