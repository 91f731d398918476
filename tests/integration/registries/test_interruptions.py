"""`gc` and `import` that are killed leave a whole registry, and running them again completes them."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

from interrupted_command import interrupt
from mlops_actions.cli import main
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Author, resolve
from mlops_actions.registries.object_store import ObjectStoreRegistry, open_registry
from mlops_actions.registries.verification import verify

GC = ("gc", "--registry", "file:registry", "--keep", "1", "--grace", "0s")
IMPORT = ("import", "old", "--name", "delay", "--registry", "file:registry")


@pytest.fixture(autouse=True)
def _models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    for number in range(1, 3):
        Path(f"old/model-{number}.joblib").write_text(f"model {number}")


def imported() -> list[str]:
    registry = open_registry("file:registry")
    return [registry.fetch(change.after.blob).read_text() for change in registry.history("delay")]


def test_an_import_killed_after_any_write_goes_on() -> None:
    counted = interrupt("count", 0, *IMPORT)
    assert counted.returncode == 0, counted.stderr
    # Of each model its one block, its name, where to look for it, the log entry and the hint at that.
    assert counted.stdout.splitlines()[-1] == "10"
    for mode, number in [("during", 1), *(("after", number) for number in range(1, 11))]:
        shutil.rmtree("registry")
        assert interrupt(mode, number, *IMPORT).returncode == -signal.SIGKILL
        # Whatever the log names is whole.
        if Path("registry/models").exists():
            assert verify(open_registry("file:registry"), "delay").problems == ()
        assert main([*IMPORT]) == 0
        assert imported() == ["model 1", "model 2"]
        assert verify(open_registry("file:registry"), "delay").problems == ()


def test_a_gc_killed_after_any_write_loses_nothing_that_is_named_and_goes_on() -> None:
    registry = open_registry("file:registry")
    promoted(registry, 1, 2, 3)
    assert main([*GC]) == 0
    promoted(registry, 4, 5)
    for number in (3, 5):
        sha256 = digest_bytes(f"model {number}".encode())
        assert registry.attach("delay", f"predictions/{sha256}/rows/strict", b"1")
    time.sleep(1.1)  # the trash counts in whole seconds
    shutil.copytree("registry", "pristine")
    counted = interrupt("count", 0, *GC)
    # The third and the fourth are noted and go to the trash, the first two are gone for good, and so is a prediction.
    assert (counted.returncode, counted.stdout.splitlines()[-1]) == (0, "7"), counted.stderr
    for mode, number in [("before", 1), *(("after", number) for number in range(1, 8))]:
        shutil.rmtree("registry")
        shutil.copytree("pristine", "registry")
        assert interrupt(mode, number, *GC).returncode == -signal.SIGKILL
        assert resolve("delay@champion", "file:registry", None).path.read_text() == "model 5"
        assert main([*GC]) == 0
        assert [path.read_text() for path in Path("registry/blobs").rglob("model*")] == ["model 5"]
        assert [path.parts[4] for path in Path("registry").rglob("strict")] == [digest_bytes(b"model 5")]
        assert len(list(registry.history("delay"))) == 5


def promoted(registry: ObjectStoreRegistry, *numbers: int) -> None:
    for number in numbers:
        path = Path(f"old/model-{number}.joblib")
        path.write_text(f"model {number}")
        with registry.receive(path) as received:
            assert registry.point(registry.head("delay"), "champion", received.keep(), "promote", Author("a test"))
