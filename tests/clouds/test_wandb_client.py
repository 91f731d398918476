"""W&B's own client against the same stand-in: what it reads and writes is what we read and write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.registries import open_registry
from mlops_actions.registries.wandb import manifest_digest
from registry_contract import AUTHOR, stored
from wandb_fake import KEY, WandbFake

pytestmark = pytest.mark.filterwarnings("default")  # the client's own


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbFake]:
    fake = WandbFake()
    variables = {
        "WANDB_BASE_URL": fake.address, "WANDB_API_KEY": KEY, "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true",
        "WANDB_DIR": str(tmp_path), "HOME": str(tmp_path),
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield fake
    fake.close()


@pytest.fixture
def client(server: WandbFake) -> Any:
    import wandb

    return wandb.Api(timeout=10, overrides={"entity": "ml"})


def test_we_give_an_artifact_the_digest_that_the_client_gives_it(tmp_path: Path) -> None:
    import wandb

    files = {"model.joblib": b"first", "notes.txt": b"second"}
    artifact = wandb.Artifact("delay", type="model")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        artifact.add_file(str(tmp_path / name))
    assert manifest_digest({name: tmp_path / name for name in files}) == artifact.digest


def test_the_client_reads_what_we_promoted_and_we_see_what_it_moved(
    server: WandbFake, client: Any, tmp_path: Path
) -> None:
    registry = open_registry(f"wandb:acme/wandb-registry-model?from=ml/flights/delay#log=file:{tmp_path}/log")
    for content in ("first", "second"):
        server.log("delay", model__joblib=content.encode())
        blob = stored(registry, content)
        assert registry.point(registry.head("delay"), "champion", blob, "promote", AUTHOR)
    champion = client.artifact("acme/wandb-registry-model/delay:champion")
    assert (champion.version, champion.aliases) == ("v1", ["champion"])
    assert champion.metadata["mlops-actions.sha256"] == blob.sha256
    first = client.artifact("acme/wandb-registry-model/delay:v0")
    first.link("acme/wandb-registry-model/delay", aliases=["champion"])
    assert registry.head("delay").strays == {"champion": 1}
    assert client.artifact("acme/wandb-registry-model/delay:champion").version == "v0"
