"""The Hub's own client against the same stand-in: what it reads and writes is what we read and write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_fake import GOOD, OWNER, PART, HubFake
from mlops_actions.registries import open_registry
from registry_contract import AUTHOR, stored

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # of the client's own HTTP library


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubFake]:
    fake = HubFake()
    variables = {"HF_ENDPOINT": fake.address, "HF_TOKEN": GOOD, "HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield fake
    fake.close()


@pytest.fixture
def client(hub: HubFake) -> Any:
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_XET = True
    return HfApi(endpoint=hub.address, token=GOOD)


def test_the_client_finds_our_champion_at_its_revision_and_our_versions_at_their_tags(
    hub: HubFake, client: Any, tmp_path: Path
) -> None:
    registry = open_registry(f"hf:{OWNER}#log=file:{tmp_path}/log")
    for content in ("first", "second"):
        blob = stored(registry, content)
        assert registry.point(registry.head("delay"), "champion", blob, "promote", AUTHOR)
    for revision, content in (("champion", "second"), ("v1", "first"), ("v2", "second")):
        path = client.hf_hub_download(f"{OWNER}/delay", "model.joblib", revision=revision, cache_dir=tmp_path / "cache")
        assert Path(path).read_text() == content
    refs = client.list_repo_refs(f"{OWNER}/delay")
    assert {one.name for one in refs.branches} == {"main", "champion"}
    assert {one.name for one in refs.tags} == {"v1", "v2"}
    (file,) = (
        one for one in client.list_repo_tree(f"{OWNER}/delay", revision="champion") if one.path == "model.joblib"
    )
    assert file.lfs.sha256 == hashlib.sha256(b"second").hexdigest()
    assert [one.id for one in client.list_models(author=OWNER)] == [f"{OWNER}/delay"]


@pytest.mark.parametrize("size", [100, 2 * PART])
def test_the_client_makes_repositories_commits_branches_and_tags(client: Any, tmp_path: Path, size: int) -> None:
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.errors import HfHubHTTPError

    client.create_repo(f"{OWNER}/theirs", private=True)
    client.create_repo(f"{OWNER}/theirs", private=True, exist_ok=True)
    before = client.model_info(f"{OWNER}/theirs").sha
    add = CommitOperationAdd("model.joblib", b"x" * size)
    made = client.create_commit(f"{OWNER}/theirs", [add], commit_message="one", parent_commit=before)
    with pytest.raises(HfHubHTTPError, match="A commit has happened since"):
        client.create_commit(
            f"{OWNER}/theirs",
            [CommitOperationAdd("notes.txt", b"late")],
            commit_message="stale",
            parent_commit=before,
        )
    client.create_tag(f"{OWNER}/theirs", tag="v1", revision=made.oid)
    client.create_branch(f"{OWNER}/theirs", branch="champion", revision="v1")
    with pytest.raises(HfHubHTTPError, match="409"):
        client.create_branch(f"{OWNER}/theirs", branch="champion")
    path = client.hf_hub_download(f"{OWNER}/theirs", "model.joblib", revision="champion", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == b"x" * size


def test_what_the_client_pushed_over_our_champion_is_told(hub: HubFake, client: Any, tmp_path: Path) -> None:
    registry = open_registry(f"hf:{OWNER}#log=file:{tmp_path}/log")
    blob = stored(registry, "first")
    assert registry.point(registry.head("delay"), "champion", blob, "promote", AUTHOR)
    client.upload_file(
        path_or_fileobj=b"theirs", path_in_repo="model.joblib", repo_id=f"{OWNER}/delay", revision="champion"
    )
    assert registry.head("delay").strays == {"champion": None}
