"""The registry: immutable versions, aliases that move whole, evidence beside the model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import EvidenceStore, Provenance, Statement, Stored, digest_bytes
from mlops_actions.evidence.statement import Predicate
from mlops_actions.evidence.training import Training
from mlops_actions.registries import Author, Blob, Head, Version
from mlops_actions.registries.interface import Registry
from mlops_actions.registries.object_store import ObjectStoreRegistry
from mlops_actions.registries.objects import Objects

NAME = "flight-delay"


@pytest.fixture
def registry(objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStoreRegistry:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return ObjectStoreRegistry(objects)


def stored(registry: Registry, folder: Path, content: bytes, suffix: str = ".joblib") -> Blob:
    path = folder / f"model-{digest_bytes(content)[:8]}{suffix}"
    path.write_bytes(content)
    return registry.store(path, digest_bytes(content))


def promoted(registry: Registry, folder: Path, content: bytes, alias: str = "champion") -> Head:
    head = registry.point(registry.head(NAME), alias, stored(registry, folder, content), "promote", Author("test"))
    assert head is not None
    return head


def statement(folder: Path, model: bytes) -> Stored[Predicate]:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    provenance = Provenance(tool="0.1.0", started=moment, finished=moment)
    training = Training(result="pass", provenance=provenance, command=["train"], exit_code=0, seconds=1.0)
    store = EvidenceStore(folder)
    store.write(Statement("model.joblib", digest_bytes(model), training))
    found = store.latest(Training, digest_bytes(model))
    assert found is not None
    return found


def test_a_new_model_costs_as_many_reads_however_long_the_log_is(
    registry: ObjectStoreRegistry, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []

    def counted(key: str) -> bytes | None:
        keys.append(key)
        return Objects.read(objects, key)

    monkeypatch.setattr(objects, "read", counted)
    costs = []
    for number in range(30):
        content = b"model %d" % number
        registry.keep(NAME, digest_bytes(content), [statement(tmp_path / f"evidence-{number}", content)])
        keys.clear()
        promoted(registry, tmp_path, content)
        costs.append(len(keys))
    assert costs[5:] == costs[5:6] * 25


def test_a_version_whose_writer_was_killed_before_or_after_its_entry_has_one_number(
    registry: ObjectStoreRegistry, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(registry, tmp_path, b"zero")
    with monkeypatch.context() as lost:
        lost.setattr(
            objects, "create", lambda key, content: "/log/" not in key and Objects.create(objects, key, content)
        )
        blob = stored(registry, tmp_path, b"one")
        assert registry.point(registry.head(NAME), "champion", blob, "promote", Author("test")) is None
    assert registry.version(NAME, blob.sha256) is None
    promoted(registry, tmp_path, b"two")
    promoted(registry, tmp_path, b"one")
    promoted(registry, tmp_path, b"two")
    promoted(registry, tmp_path, b"one", "staging")
    assert [change.after.number for change in registry.history(NAME)] == [1, 2, 3, 2, 3]


def test_the_first_promotion_registers_version_1(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    head = promoted(registry, tmp_path, b"one")
    version = Version(NAME, 1, Blob(digest_bytes(b"one"), ".joblib", 3))
    assert head.aliases == {"champion": version}
    assert registry.head(NAME) == head
    assert registry.names() == [NAME]


def test_a_model_has_one_version_under_any_number_of_aliases(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    promoted(registry, tmp_path, b"one", "challenger")
    promoted(registry, tmp_path, b"two", "challenger")
    head = promoted(registry, tmp_path, b"one", "champion")
    assert head.versions == 2
    assert {alias: version.number for alias, version in head.aliases.items() if version} == {
        "challenger": 2,
        "champion": 1,
    }


def test_versions_are_found_by_number_and_digest(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    for number in range(1, 8):
        promoted(registry, tmp_path, b"model %d" % number)
        promoted(registry, tmp_path, b"model 1", "fallback")
    for number in range(1, 8):
        version = registry.version(NAME, number)
        assert version is not None
        assert version.sha256 == digest_bytes(b"model %d" % number)
        assert registry.version(NAME, version.sha256) == version
    assert registry.version(NAME, 0) is None
    assert registry.version(NAME, 8) is None
    assert registry.version(NAME, "0" * 64) is None
    assert registry.version("other", 1) is None


@pytest.mark.parametrize("hint", [b"", b"1\n", b"999", b"x"])
def test_a_version_is_found_whatever_its_hint_says(
    registry: ObjectStoreRegistry, objects: Objects, tmp_path: Path, hint: bytes
) -> None:
    promoted(registry, tmp_path, b"one")
    promoted(registry, tmp_path, b"two")
    promoted(registry, tmp_path, b"three")
    objects.replace(f"models/{NAME}/versions/{digest_bytes(b'two')}/entry", hint)
    version = registry.version(NAME, digest_bytes(b"two"))
    assert version is not None
    assert version.number == 2


def test_a_head_that_is_out_of_date_cannot_be_built_on(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    old = promoted(registry, tmp_path, b"one")
    newer = promoted(registry, tmp_path, b"two")
    blob = stored(registry, tmp_path, b"three")
    assert registry.point(old, "champion", blob, "promote", Author("test")) is None
    assert registry.head(NAME) == newer
    assert registry.version(NAME, blob.sha256) is None


def test_history_tells_every_move(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    promoted(registry, tmp_path, b"one")
    head = promoted(registry, tmp_path, b"two")
    first = registry.version(NAME, 1)
    assert first is not None
    watch = Author("the night watch", "alice", "https://ci/7", ("bob",))
    registry.point(head, "champion", first.blob, "roll-back", watch)
    changes = list(registry.history(NAME))
    assert [(change.entry, change.action, str(change.author)) for change in changes] == [
        (1, "promote", "test"),
        (2, "promote", "test"),
        (3, "roll-back", "alice, approved by bob"),
    ]
    assert changes[2].author == watch
    assert [change.before and change.before.number for change in changes] == [None, 1, 2]
    assert [change.after.number for change in changes] == [1, 2, 1]
    assert list(registry.history(NAME, start=3)) == changes[2:]
    assert list(registry.history("other")) == []


def test_a_fetched_model_keeps_its_bytes_and_its_suffix(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    blob = stored(registry, tmp_path, b"one", suffix=".onnx")
    path = registry.fetch(blob)
    assert path.suffix == ".onnx"
    assert path.read_bytes() == b"one"
    assert registry.fetch(blob) == path


def test_a_model_is_found_by_its_digest_alone(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    blob = stored(registry, tmp_path, b"one")
    assert registry.blob(blob.sha256) == blob
    assert registry.blob("0" * 64) is None


def test_a_file_that_is_not_the_judged_one_is_not_stored(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    path.write_bytes(b"another")
    with pytest.raises(InputError) as caught:
        registry.store(path, digest_bytes(b"one"))
    assert str(caught.value) == f"the model {str(path)!r} changed while it was read. Evaluate and gate it again."
    assert registry.blob(digest_bytes(b"one")) is None


def test_a_damaged_model_is_never_handed_out_and_is_repaired_by_storing_it_again(
    registry: ObjectStoreRegistry, objects: Objects, tmp_path: Path
) -> None:
    blob = stored(registry, tmp_path, b"one")
    objects.replace(f"blobs/{blob.sha256}/model.joblib", b"cut")
    with pytest.raises(OutsideError, match=r"damaged: its bytes have another SHA-256\."):
        registry.fetch(blob)
    objects.replace(f"blobs/{blob.sha256}/model.joblib", b"cut off")
    stored(registry, tmp_path, b"one")
    assert registry.fetch(blob).read_bytes() == b"one"


def test_a_lost_model_is_named(registry: ObjectStoreRegistry) -> None:
    with pytest.raises(OutsideError) as caught:
        registry.fetch(Blob("0" * 64, ".joblib", 3))
    assert str(caught.value) == (
        f"the registry {registry.location!r} has no bytes of the model {'0' * 64} any more. They were let go by "
        "`gc`, or lost. Promote the original file again, by its path, to repair it."
    )


def test_statements_are_kept_beside_the_model_once(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    one = statement(tmp_path / "evidence", b"one")
    for _repeat in range(2):
        registry.keep(NAME, digest_bytes(b"one"), [one])
    assert registry.statements(NAME, digest_bytes(b"one")) == [one.statement]
    assert registry.statements(NAME, "0" * 64) == []


def test_an_edited_statement_is_neither_kept_nor_read(
    registry: ObjectStoreRegistry, objects: Objects, tmp_path: Path
) -> None:
    one = statement(tmp_path / "evidence", b"one")
    registry.keep(NAME, digest_bytes(b"one"), [one])
    (key,) = objects.keys(f"models/{NAME}/versions")
    objects.replace(key, (objects.read(key) or b"").replace(b"train", b"drain"))
    with pytest.raises(OutsideError, match="the statement was edited or truncated: its name says another digest"):
        registry.statements(NAME, digest_bytes(b"one"))
    one.path.write_bytes(b"{}")
    with pytest.raises(InputError, match="the statement changed while it was read"):
        registry.keep(NAME, digest_bytes(b"one"), [one])


def test_a_bucket_model_is_cached_whole_or_not_at_all(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    blob = stored(registry, tmp_path, b"one")
    path = registry.fetch(blob)
    if not path.is_relative_to(tmp_path / "home"):
        assert path.is_relative_to(tmp_path / "registry")
        return
    path.write_bytes(b"tampered")
    assert registry.fetch(blob).read_bytes() == b"one"
    assert list(path.parent.iterdir()) == [path]


def test_a_name_under_which_nothing_is_registered_is_no_model(registry: ObjectStoreRegistry, tmp_path: Path) -> None:
    registry.attach("refused", "predictions/one", b"1")
    assert registry.names() == []
    promoted(registry, tmp_path, b"one")
    assert registry.names() == [NAME]
