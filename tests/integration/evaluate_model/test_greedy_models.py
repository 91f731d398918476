"""Models that reach for more than they were given: each is stopped, and told apart from one that merely fails."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Evaluate, WriteModel

GOOD = "p = 1 / (1 + numpy.exp(-X[:, 0])); return numpy.column_stack([1 - p, p])"


def test_one_that_allocates_without_end_is_told_the_limit(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    body = "def predict_proba(self, X): self.held = [numpy.ones(10_000_000) for _ in range(1000)]"
    (reason,) = evaluate(write_model(body), memory_limit="600MB", isolation=isolation).reasons
    assert reason.code == "model-raised"
    assert "MemoryError: Unable to allocate 76.3 MiB for an array" in reason.message
    assert reason.message.endswith(" `memory-limit` allows 600 MB.")


def test_one_whose_processes_together_take_too_much_memory_is_ended(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    body = """
    def predict_proba(self, X):
        [os.fork() for _ in range(2)]
        self.held = numpy.ones(25_000_000)
        import time
        time.sleep(30)
    """
    (reason,) = evaluate(write_model(body), memory_limit="600MB", isolation=isolation).reasons
    assert reason.code == "model-memory"
    assert reason.message == "The model used more memory than the 600 MB that `memory-limit` allows."


def test_one_that_fills_the_disk_is_told_the_limit(evaluate: Evaluate, write_model: WriteModel, isolation: str) -> None:
    body = """
    def predict_proba(self, X):
        with open("output/large", "wb") as stream:
            while True:
                stream.write(bytes(1_000_000))
    """
    (reason,) = evaluate(write_model(body), disk_limit="5MB", isolation=isolation).reasons
    assert reason.code in ("model-raised", "model-ended", "model-disk")
    assert reason.message.endswith(("`disk-limit` allows 5 MB.", "the 5 MB that `disk-limit` allows."))


def test_one_that_fills_the_disk_with_many_files_is_ended(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    body = """
    def predict_proba(self, X):
        number = 0
        while True:
            number += 1
            with open(os.environ["HOME"] + "/%d" % number, "wb") as stream:
                stream.write(bytes(1_000_000))
    """
    (reason,) = evaluate(write_model(body), disk_limit="5MB", isolation=isolation).reasons
    assert reason.code in ("model-raised", "model-ended", "model-disk")
    assert reason.message.endswith(("`disk-limit` allows 5 MB.", "the 5 MB that `disk-limit` allows."))


def test_one_that_starts_too_many_processes_is_ended(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    """At most 400 that only sleep: where nothing stopped them, the test would fail and the machine live on."""
    body = """
    def predict_proba(self, X):
        import time
        for _ in range(400):
            try:
                if not os.fork():
                    time.sleep(30)
                    os._exit(0)
            except OSError:
                break
        time.sleep(30)
    """
    begin = time.monotonic()
    (reason,) = evaluate(write_model(body), isolation=isolation).reasons
    assert reason.message == "The model started more than 256 processes at a time."
    assert time.monotonic() - begin < 25


def test_one_that_leaves_a_process_in_a_session_of_its_own_leaves_none(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    mark = f"{os.getpid()}-{time.time_ns()}"
    body = f"""
    def predict_proba(self, X):
        if not os.fork():
            os.setsid()
            if os.fork():
                os._exit(0)
            for descriptor in range(3):
                os.close(descriptor)
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "{mark}"])
        {GOOD}
    """
    # Timed, it would start one with each call, which are more than may be at a time.
    assert evaluate(write_model(body), isolation=isolation, latency_repeats=0).result == "pass"
    assert mark not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_one_that_opens_a_socket_in_strict_is_refused_by_the_system(
    evaluate: Evaluate, write_model: WriteModel
) -> None:
    body = """
    def predict_proba(self, X):
        import socket
        socket.create_connection(("192.0.2.1", 443), timeout=5)
    """
    (reason,) = evaluate(write_model(body), isolation="strict").reasons
    assert reason.message.startswith("The model raised ")
    assert "unreachable" in reason.message or "Permission denied" in reason.message


def test_one_that_reads_the_labels_in_strict_finds_no_such_file(
    evaluate: Evaluate, write_model: WriteModel, folder: Path
) -> None:
    body = f"def predict_proba(self, X): open({str(folder / 'test.parquet')!r})"
    (reason,) = evaluate(write_model(body), isolation="strict").reasons
    assert reason.message.startswith("The model raised FileNotFoundError") or "Permission denied" in reason.message
    (reason,) = evaluate(write_model(body), isolation="process").reasons
    assert "FileNotFoundError" not in reason.message


def test_one_that_bends_numpy_bends_only_its_own(evaluate: Evaluate, write_model: WriteModel, isolation: str) -> None:
    """Its predictions are what it says they are; what is made of them is computed where it never was."""
    body = f"""
    def predict_proba(self, X):
        numpy.mean = numpy.sum = lambda *_, **__: 1.0
        numpy.isfinite = lambda one: numpy.ones_like(one, dtype=bool)
        {GOOD}
    """
    bent = evaluate(write_model(body), isolation=isolation)
    straight = evaluate(write_model(f"def predict_proba(self, X): {GOOD}", name="straight.pkl"), isolation=isolation)
    assert bent.result == "pass"
    assert bent.estimates == straight.estimates
    assert straight.estimates["accuracy"].value is not None
    assert straight.estimates["accuracy"].value < 0.9


def test_one_that_forges_an_answer_and_ends_is_found_out_in_strict_too(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    body = """
    def predict_proba(self, X):
        open("output/answer.json", "w").write('{"answer": {"result": "pass", "estimates": {"accuracy": 1}}}')
        os._exit(0)
    """
    (reason,) = evaluate(write_model(body), isolation=isolation).reasons
    assert (reason.code, reason.message) == (
        "answer-forged",
        "The model left an answer that the scorer would not write.",
    )


def test_one_that_leaves_a_pipe_for_an_answer_is_found_out_in_strict_too(
    evaluate: Evaluate, write_model: WriteModel, isolation: str
) -> None:
    body = "def predict_proba(self, X): os.mkfifo('output/answer.json'); os._exit(0)"
    (reason,) = evaluate(write_model(body), isolation=isolation).reasons
    assert reason.message == "The model put something else in the place of answer.json."


@pytest.mark.parametrize(
    ("given", "message"), [("lots", "write a size such as 500MB, 4GB or 2GiB"), (0, "greater than 0")]
)
def test_a_limit_that_is_no_size_is_refused(evaluate: Evaluate, given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate("model.pkl", memory_limit=given)
