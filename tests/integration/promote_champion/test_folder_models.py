"""A model that is a folder, such as MLflow saves, goes the way of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.cli import main
from mlops_actions.evidence import digest_path
from mlops_actions.registries.verification import verify
from promotion_project import Project


def test_a_folder_is_promoted_verified_pulled_and_repaired(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = Path("build/saved")
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "data/weights.bin").write_bytes(b"1" * 3_000_000)
    project.judged(str(folder))
    promotion = project.promote(str(folder)).predicate
    assert (promotion.result, promotion.after) == ("pass", digest_path(folder))
    assert verify(project.registry, "delay").problems == ()

    pull = ["pull", "delay@champion", "--output", "copy", "--registry", "file:registry"]
    assert main(pull) == 0
    assert digest_path("copy") == digest_path(folder)
    assert main(pull) == 2  # it is there already

    (archive,) = Path("registry/blobs").rglob("model.folder")
    archive.write_bytes(archive.read_bytes().replace(b"flavors", b"florins"))
    (problem,) = verify(project.registry, "delay").problems
    assert problem.what == "version 1"
    with project.registry.receive(folder) as received:
        received.keep()
    assert verify(project.registry, "delay").problems == ()
