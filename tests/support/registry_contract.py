"""What every registry is held to, whatever keeps it.

A test file makes a fixture `registry`, whose working directory is a folder of its own, and derives a class from
`RegistryContract`.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Statement, digest_bytes, digest_path
from mlops_actions.evidence.training import Training
from mlops_actions.registries import AliasMissingError, Author, Blob, Registry, resolve

AUTHOR = Author("a test", "alice", "https://ci.example/1", ("bob",), "it had to be")
REFUSED_FOLDERS = {
    "mlflow+http": r"^the model 'saved' is a folder, which MLflow registers itself",
    "wandb": r"^the model 'saved' is a folder, which W&B's own client logs",
}
"""Registries that keep no folders, and what they say to one."""


def stored(registry: Registry, content: str) -> Blob:
    Path("model.joblib").write_text(content)
    return registry.store(Path("model.joblib"), digest_bytes(content.encode()))


class RegistryContract:
    """Its methods are the clauses."""

    @pytest.fixture
    def name(self) -> str:
        return f"delay-{secrets.token_hex(4)}"

    def test_a_model_that_was_never_registered_has_an_empty_head(self, registry: Registry, name: str) -> None:
        head = registry.head(name)
        assert (head.name, head.entry, head.sha256, dict(head.aliases), head.versions) == (name, 0, None, {}, 0)
        assert registry.version(name, 1) is None
        assert registry.version(name, "0" * 64) is None
        assert registry.blob(secrets.token_hex(32)) is None
        assert list(registry.history(name)) == []
        with pytest.raises(AliasMissingError) as caught:
            resolve(f"{name}@champion", registry.location, None)
        assert not caught.value.ever_existed

    def test_a_stored_model_comes_back_whole_with_its_suffix(self, registry: Registry) -> None:
        content = secrets.token_hex(2000)
        blob = stored(registry, content)
        assert blob == Blob(digest_bytes(content.encode()), ".joblib", 4000)
        assert registry.blob(blob.sha256) == blob
        path = registry.fetch(blob)
        assert (path.read_text(), path.suffix) == (content, ".joblib")
        assert registry.check(blob) is None
        assert stored(registry, content) == blob

    def test_a_folder_comes_back_whole_under_its_own_digest_where_the_registry_keeps_it_itself(
        self, registry: Registry
    ) -> None:
        folder = Path("saved")
        (folder / "data/deep").mkdir(parents=True)
        for name in ("MLmodel", "data/weights.bin", "data/deep/empty", f"data/{'long' * 50}"):
            (folder / name).write_text("" if name.endswith("empty") else secrets.token_hex(3000))
        if refused := REFUSED_FOLDERS.get(registry.location.partition(":")[0]):
            with pytest.raises(InputError, match=refused):
                registry.store(folder, digest_path(folder))
            return
        with registry.receive(folder) as received:
            blob = received.keep()
        assert (received.sha256, blob.sha256, blob.suffix) == (digest_path(folder), digest_path(folder), ".folder")
        assert registry.store(folder, blob.sha256) == blob
        assert registry.check(blob) is None
        path = registry.fetch(blob)
        assert digest_path(path) == blob.sha256
        (path / "MLmodel").write_text("tampered in the cache")
        assert digest_path(registry.fetch(blob)) == blob.sha256

    def test_bytes_that_are_not_the_models_are_refused(self, registry: Registry) -> None:
        Path("model.joblib").write_text("changed")
        wrong = secrets.token_hex(32)
        with pytest.raises(InputError, match=r"^the model 'model.joblib' changed while it was read\."):
            registry.store(Path("model.joblib"), wrong)
        assert registry.blob(wrong) is None

    def test_aliases_move_with_a_history_that_says_who_and_why(self, registry: Registry, name: str) -> None:
        first, second = stored(registry, f"first of {name}"), stored(registry, f"second of {name}")
        one = registry.point(registry.head(name), "champion", first, "promote", AUTHOR)
        assert one is not None
        two = registry.point(one, "champion", second, "promote", AUTHOR)
        assert two is not None
        three = registry.point(two, "champion", first, "roll-back", AUTHOR)
        assert three is not None
        head = registry.head(name)
        assert (head.entry, head.sha256, head.versions) == (three.entry, three.sha256, 2) == (3, three.sha256, 2)
        assert dict(head.aliases) == {"champion": registry.version(name, 1)}
        changes = list(registry.history(name))
        assert [(one.action, one.before and one.before.number, one.after.number) for one in changes] == [
            ("promote", None, 1),
            ("promote", 1, 2),
            ("roll-back", 2, 1),
        ]
        assert {change.author for change in changes} == {AUTHOR}
        assert [change.entry for change in registry.history(name, start=3)] == [3]
        assert registry.version(name, 2) == registry.version(name, second.sha256)
        assert registry.version(name, 3) is None
        assert name in registry.names()
        assert resolve(f"{name}@champion", registry.location, None).sha256 == first.sha256

    def test_of_two_changes_to_one_head_the_second_is_none_and_changes_nothing(
        self, registry: Registry, name: str
    ) -> None:
        first, second = stored(registry, f"first of {name}"), stored(registry, f"second of {name}")
        head = registry.head(name)
        won = registry.point(head, "champion", first, "promote", AUTHOR)
        assert won is not None
        assert registry.point(head, "champion", second, "promote", AUTHOR) is None
        assert registry.point(head, "staging", second, "promote", AUTHOR) is None
        now = registry.head(name)
        assert (now.entry, now.sha256) == (1, won.sha256)
        registry.settle(now)
        assert {alias: version and version.sha256 for alias, version in registry.head(name).aliases.items()} == {
            "champion": first.sha256
        }

    def test_statements_stay_beside_the_model_under_its_name(self, registry: Registry, name: str) -> None:
        blob = stored(registry, f"model of {name}")
        store = EvidenceStore("evidence")
        training = Training(result="pass", command=["train"], exit_code=0, seconds=1)
        store.write(Statement("model.joblib", blob.sha256, training))
        kept = store.find(Training)
        registry.keep(name, blob.sha256, kept)
        registry.keep(name, blob.sha256, kept)
        assert registry.statements(name, blob.sha256) == [one.statement for one in kept]
        assert registry.statements("another", blob.sha256) == []
        kept[0].path.write_text("{}")
        with pytest.raises(InputError, match=r"the statement changed while it was read"):
            registry.keep(name, blob.sha256, kept)

    def test_objects_beside_the_log_are_made_once(self, registry: Registry, name: str) -> None:
        assert registry.attached(name, "looks/data/model") is None
        assert registry.attach(name, "looks/data/model", b"1")
        assert not registry.attach(name, "looks/data/model", b"2")
        assert registry.attached(name, "looks/data/model") == b"1"
        assert registry.attachments(name, "looks/data") == ["looks/data/model"]
        assert registry.attachments(name, "other") == []

    def test_of_many_that_make_one_object_at_once_exactly_one_does(self, registry: Registry, name: str) -> None:
        with ThreadPoolExecutor(8) as writers:
            for number in range(5):
                key = f"looks/data/{number}"
                made = list(writers.map(lambda writer, key=key: registry.attach(name, key, b"%d" % writer), range(8)))
                assert made.count(True) == 1
                assert registry.attached(name, key) == b"%d" % made.index(True)
