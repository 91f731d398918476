"""A registry is read to the last digest, and what nothing reaches is let go without losing what something does."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_actions.cli import main
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Author, Blob
from mlops_actions.registries.collection import collect
from mlops_actions.registries.object_store import ObjectStoreRegistry, open_registry
from mlops_actions.registries.verification import verify

AUTHOR = Author("a test")
DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStoreRegistry:
    monkeypatch.chdir(tmp_path)
    return open_registry("file:registry")


def stored(registry: ObjectStoreRegistry, content: str) -> Blob:
    path = Path(f"{content}.joblib")
    path.write_text(content)
    return registry.store(path, digest_bytes(content.encode()))


def promote(registry: ObjectStoreRegistry, content: str, alias: str = "champion", name: str = "delay") -> Blob:
    blob = stored(registry, content)
    assert registry.point(registry.head(name), alias, blob, "promote", AUTHOR)
    return blob


def blobs() -> set[str]:
    return {path.read_text() for path in Path("registry/blobs").rglob("model*")}


def gc(registry: ObjectStoreRegistry, keep: int = 1, days: float = 30, *, dry_run: bool = False) -> list[str]:
    """Collect as it would be done so many days from now, with a day of grace."""
    found, _ = collect(registry, keep=keep, grace=DAY, now=NOW + days * DAY, dry_run=dry_run)
    return [one.sha256 for one in found]


def problems(registry: ObjectStoreRegistry) -> list[tuple[str, str]]:
    return [(one.what, one.message) for one in verify(registry, "delay").problems]


def test_a_whole_registry_has_no_problems(registry: ObjectStoreRegistry) -> None:
    for content in ("one", "two", "three"):
        promote(registry, content)
    found = verify(registry, "delay")
    assert (found.entries, found.versions, found.problems) == (3, 3, ())


def test_a_model_whose_bytes_changed_or_are_gone_is_a_problem(registry: ObjectStoreRegistry) -> None:
    one, two = promote(registry, "one"), promote(registry, "two")
    Path(f"registry/blobs/{one.sha256}/model.joblib").write_text("other")
    Path(f"registry/blobs/{two.sha256}/model.joblib").unlink()
    assert problems(registry) == [
        ("version 1", f"its bytes have the SHA-256 {digest_bytes(b'other')[:12]}, not {one.sha256[:12]}."),
        ("version 2", f"the bytes of {two.sha256[:12]} are gone."),
    ]
    with pytest.raises(OutsideError, match=r"has no bytes of the model .* They were let go by `gc`, or lost"):
        registry.fetch(two)


def test_an_edited_entry_is_a_problem_and_the_rest_is_still_read(registry: ObjectStoreRegistry) -> None:
    for content in ("one", "two", "three"):
        promote(registry, content)
    entry = Path("registry/models/delay/log/0000000002.json")
    entry.write_text(entry.read_text().replace('"promote"', '"roll-back"'))
    ((what, message),) = problems(registry)
    assert what == "log"
    assert message.startswith("entry 3 does not continue entry 2: one of them was edited or removed. (file:registry")


def test_an_edited_statement_is_a_problem(registry: ObjectStoreRegistry) -> None:
    one = promote(registry, "one")
    Path(f"registry/models/delay/versions/{one.sha256}/verdict-aaaaaaaaaaaa-bbbbbbbbbbbb.json").write_text("{}")
    ((what, message),) = problems(registry)
    assert what == "statements of version 1"
    assert message.startswith("the statement was edited or truncated: its name says another digest.")


def test_the_command_tells_each_problem_and_its_remedy(
    registry: ObjectStoreRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    one = promote(registry, "one")
    assert main(["verify", "--registry", "file:registry"]) == 0
    assert "Registry: file:registry is whole." in capsys.readouterr().out
    Path(f"registry/blobs/{one.sha256}/model.joblib").unlink()
    assert main(["verify", "delay", "--registry", "file:registry"]) == 1
    assert "Promote the original file again, by its path." in capsys.readouterr().out
    assert main(["--json", "verify", "--registry", "file:registry"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert [problem["what"] for problem in found["problems"]] == ["version 1"]
    assert main(["verify", "dealy", "--registry", "file:registry"]) == 2


def test_what_an_alias_or_the_newest_versions_reach_is_kept(registry: ObjectStoreRegistry) -> None:
    promote(registry, "fallback", alias="fallback")
    promote(registry, "shared")
    promote(registry, "shared", alias="production", name="other")
    old = promote(registry, "old")
    promote(registry, "newer")
    promote(registry, "newest")
    assert gc(registry, keep=2) == [old.sha256]
    assert blobs() == {"fallback", "shared", "newer", "newest"}


def test_what_was_let_go_is_no_problem_and_what_was_lost_is_one(registry: ObjectStoreRegistry) -> None:
    promote(registry, "old")
    lost, champion = promote(registry, "lost"), promote(registry, "champion")
    gc(registry, keep=2)
    found = verify(registry, "delay")
    assert (found.versions, found.let_go, found.problems) == (3, 1, ())
    gc(registry, keep=2, days=40)
    assert verify(registry, "delay").let_go == 1
    Path(f"registry/blobs/{lost.sha256}/model.joblib").unlink()
    assert problems(registry) == [("version 2", f"the bytes of {lost.sha256[:12]} are gone.")]
    # Who is champion is missed, whatever was noted.
    registry.objects.create(f"let-go/{champion.sha256}", b"")
    Path(f"registry/blobs/{champion.sha256}/model.joblib").unlink()
    assert [what for what, _ in problems(registry)] == ["version 2", "version 3"]


def test_a_dry_run_only_tells(registry: ObjectStoreRegistry) -> None:
    old = promote(registry, "old")
    promote(registry, "new")
    assert gc(registry, dry_run=True) == [old.sha256]
    assert blobs() == {"old", "new"}
    assert not Path("registry/trash").exists()


def test_what_was_just_stored_or_named_is_kept(registry: ObjectStoreRegistry) -> None:
    promote(registry, "old")
    promote(registry, "new")
    stored(registry, "not promoted yet")
    assert gc(registry, days=0.5) == []
    assert blobs() == {"old", "new", "not promoted yet"}


def test_the_trash_is_emptied_after_the_grace(registry: ObjectStoreRegistry) -> None:
    old = promote(registry, "old")
    promote(registry, "new")
    assert gc(registry) == [old.sha256]
    assert gc(registry, days=30.5) == []
    assert [path.read_text() for path in Path("registry/trash").rglob("model*")] == ["old"]
    assert gc(registry, days=32) == [old.sha256]
    assert not list(Path("registry/trash").rglob("model*"))
    assert registry.version("delay", 1) is not None


def test_a_promotion_takes_its_model_back_out_of_the_trash(registry: ObjectStoreRegistry) -> None:
    """It had seen that the registry holds the model; then gc came, and then the log entry."""
    old = promote(registry, "old")
    promote(registry, "new")
    head = registry.head("delay")
    gc(registry)
    assert "old" not in blobs()
    assert registry.point(head, "champion", old, "roll-back", AUTHOR)
    assert blobs() == {"old", "new"}
    assert registry.fetch(old).read_text() == "old"
    assert problems(registry) == []


def test_gc_takes_back_what_was_promoted_while_it_ran(
    registry: ObjectStoreRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = promote(registry, "old")
    promote(registry, "new")
    move = registry.objects.move

    def promoted_first(key: str, to: str) -> None:
        monkeypatch.setattr(registry.objects, "move", move)
        assert open_registry("file:registry").point(registry.head("delay"), "champion", old, "roll-back", AUTHOR)
        move(key, to)

    monkeypatch.setattr(registry.objects, "move", promoted_first)
    _, back = collect(registry, keep=1, grace=DAY, now=NOW + 30 * DAY, dry_run=False)
    assert back == [old.sha256]
    assert problems(registry) == []


def test_the_command_frees_what_lies_in_the_trash_long_enough(
    registry: ObjectStoreRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    old = promote(registry, "old")
    promote(registry, "new")
    past = time.time() - 10 * 86400
    os.utime(f"registry/blobs/{old.sha256}/model.joblib", (past, past))
    command = ["gc", "--registry", "file:registry", "--keep", "1"]
    assert main(command) == 0
    assert "old" in blobs()  # the log named it a moment ago
    capsys.readouterr()
    assert main([*command, "--grace", "0s", "--dry-run"]) == 0
    assert "would go to the trash" in capsys.readouterr().err
    assert main([*command, "--grace", "0s"]) == 0
    assert blobs() == {"new"}
    time.sleep(1.1)
    assert main(["--json", *command, "--grace", "0s"]) == 0
    assert json.loads(capsys.readouterr().out) == {"models": "1", "bytes-freed": "3"}
    assert main([*command, "--keep", "few"]) == 2


def test_a_registry_that_is_hosted_is_not_ours_to_clean(registry: ObjectStoreRegistry) -> None:
    from mlops_actions.registries import open_registry as open_any

    with pytest.raises(InputError, match="is not ours to clean"):
        collect(open_any("mlflow+http://127.0.0.1:9#log=s3://bucket/log"), keep=1, grace=DAY, now=NOW, dry_run=True)


def test_predictions_go_with_their_model(registry: ObjectStoreRegistry) -> None:
    one, two = promote(registry, "one"), promote(registry, "two")
    for blob in (one, two):
        assert registry.attach("delay", f"predictions/{blob.sha256}/rows/strict", b"12345")
    found, _ = collect(registry, keep=1, grace=DAY, now=NOW + 30 * DAY, dry_run=False)
    assert [(one.sha256, one.size) for one in found if one.predictions] == [(one.sha256, 5)]
    assert registry.attachments("delay", "predictions") == [f"predictions/{two.sha256}/rows/strict"]


def test_fresh_predictions_of_a_model_that_is_not_promoted_yet_stay(registry: ObjectStoreRegistry) -> None:
    key = f"predictions/{'a' * 64}/rows/strict"
    registry.attach("delay", key, b"12345")
    assert gc(registry, days=0) == []
    assert registry.attachments("delay", "predictions") == [key]
    assert gc(registry, days=2) == ["a" * 64]
    assert registry.attachments("delay", "predictions") == []
