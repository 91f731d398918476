"""Where a registry can be, and what is said when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.registries import open_registry
from mlops_actions.registries.objects import Objects


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("registry", Path("registry")),
        ("../registry", Path("../registry")),
        ("file:registry", Path("registry")),
        ("file:../registry", Path("../registry")),
        ("file:/srv/registry", Path("/srv/registry")),
        ("file:///srv/registry", Path("/srv/registry")),
        ("file://localhost/srv/registry", Path("/srv/registry")),
        ("s3://bucket/prefix", None),
    ],
)
def test_a_location_names_a_folder_or_a_bucket(location: str, folder: Path | None) -> None:
    assert Objects(location).folder == folder


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("", "the registry's location is empty. Write file:folder or s3://bucket/folder."),
        (
            "s4://bucket/models",
            "the registry 's4://bucket/models' is of an unknown kind 's4'. Known: az, azureml, file, gs, hf, "
            "mlflow+http, mlflow+https, s3, sagemaker, wandb. A folder is written file:folder.",
        ),
        (
            "fil:models",
            "the registry 'fil:models' is of an unknown kind 'fil'. Did you mean 'file'? "
            "A folder is written file:folder.",
        ),
        ("s3:models", "the registry 's3:models' names no bucket. Write s3://bucket/folder."),
        ("gs://", "the registry 'gs://' names no bucket. Write gs://bucket/folder."),
        (
            "file://server/models",
            "the registry 'file://server/models' names another computer. Write file:folder or file:///folder.",
        ),
    ],
)
def test_a_location_that_cannot_be_opened_says_what_to_write(location: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(location)
    assert str(caught.value) == message


def test_a_file_is_no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("registry").write_text("")
    with pytest.raises(InputError) as caught:
        open_registry("file:registry").head("flight-delay")
    assert str(caught.value) == "the registry 'file:registry' is a file, not a folder. Name a folder."


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    registry = open_registry(f"file:{tmp_path}/registry")
    assert registry.head("flight-delay").entry == 0
    assert registry.names() == []
    assert registry.blob("0" * 64) is None
    assert not (tmp_path / "registry").exists()
