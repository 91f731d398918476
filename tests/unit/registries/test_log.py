"""The log: one writer wins each number, and no reader is fooled by a hint, an edit or a gap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.registries.log import Entry, Log
from mlops_actions.registries.objects import Objects


def append(log: Log, change: str) -> Entry:
    head = log.head()
    entry = log.append(
        head.number + 1 if head else 1, head.sha256 if head else None, {"to": change}, {"is": change}, "t"
    )
    assert entry is not None
    return entry


def test_entries_are_numbered_and_chained(objects: Objects) -> None:
    log = Log(objects, "models/a")
    assert log.head() is None
    first, second = append(log, "a"), append(log, "b")
    assert (first.number, first.previous) == (1, None)
    assert (second.number, second.previous) == (2, first.sha256)
    assert log.head() == second
    assert list(log.entries()) == [first, second]
    assert list(log.entries(start=2)) == [second]
    assert second.state == {"is": "b"}


def test_two_logs_do_not_meet(objects: Objects) -> None:
    append(Log(objects, "models/a"), "a")
    assert Log(objects, "models/ab").head() is None


def test_of_two_writers_that_read_the_same_head_one_continues_it(objects: Objects) -> None:
    log = Log(objects, "models/a")
    head = append(log, "start")
    mine = log.append(2, head.sha256, {"to": "mine"}, {}, "t")
    theirs = log.append(2, head.sha256, {"to": "theirs"}, {}, "t")
    assert mine is not None
    assert theirs is None
    assert log.head() == mine


def test_an_equal_entry_of_another_writer_is_not_taken_for_ones_own(objects: Objects) -> None:
    log = Log(objects, "models/a")
    assert log.append(1, None, {"to": "same"}, {}, "t") is not None
    assert log.append(1, None, {"to": "same"}, {}, "t") is None


def test_a_writer_whose_answer_was_lost_knows_its_own_entry(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    create = objects.create

    def written_but_answered_late(key: str, content: bytes) -> bool:
        create(key, content)
        return create(key, content)

    monkeypatch.setattr(objects, "create", written_but_answered_late)
    log = Log(objects, "models/a")
    entry = log.append(1, None, {"to": "a"}, {}, "t")
    assert entry is not None
    assert log.head() == entry


@pytest.mark.parametrize("hint", [None, b"", b"1\n", b"2", b"3\n", b"0", b"-1", b"99", b"9" * 5000, b"\xff", b"\xb2"])
def test_the_head_is_found_whatever_the_hint_says(objects: Objects, hint: bytes | None) -> None:
    log = Log(objects, "models/a")
    for change in "abc":
        last = append(log, change)
    objects.replace("models/a/head", hint or b"")
    assert log.head() == last


def test_the_head_is_read_in_three_requests(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(objects, "models/a")
    for change in "abcdefgh":
        append(log, change)
    keys: list[str] = []
    read = objects.read

    def counted(key: str) -> bytes | None:
        keys.append(key)
        return read(key)

    monkeypatch.setattr(objects, "read", counted)
    log.head()
    assert keys == ["models/a/head", "models/a/log/0000000008.json", "models/a/log/0000000009.json"]


@pytest.mark.parametrize("hint", [b"", b"1", b"40"])
def test_a_hint_that_is_far_behind_costs_a_listing_and_a_few_reads(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, hint: bytes
) -> None:
    log = Log(objects, "models/a")
    for number in range(60):
        last = append(log, str(number))
    objects.replace("models/a/head", hint)
    reads: list[str] = []

    def counted(key: str) -> bytes | None:
        reads.append(key)
        return Objects.read(objects, key)

    monkeypatch.setattr(objects, "read", counted)
    assert log.head() == last
    assert len(reads) <= 9


def test_a_gap_is_noticed_behind_a_stale_hint_too(tmp_path: Path) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    for number in range(20):
        append(log, str(number))
    (tmp_path / "a/head").write_bytes(b"1")
    (tmp_path / "a/log/0000000012.json").unlink()
    with pytest.raises(OutsideError, match="entry 12 is missing, but later ones are there"):
        log.head()


def test_a_gap_is_noticed(tmp_path: Path) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    for change in "abc":
        append(log, change)
    (tmp_path / "a/log/0000000002.json").unlink()
    head = log.head()
    assert head is not None
    assert head.number == 3
    with pytest.raises(OutsideError) as caught:
        list(log.entries(start=3))
    assert str(caught.value) == (
        f"file:{tmp_path}, a/log/0000000003.json: entry 3 does not continue entry 2: one of them was edited or "
        "removed. Restore the log from a backup; nothing was changed."
    )
    with pytest.raises(OutsideError, match="entry 2 is missing, but later ones are there"):
        list(log.entries())


def test_a_log_that_was_lost_does_not_look_like_one_that_never_was(tmp_path: Path) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    for change in "ab":
        append(log, change)
    (tmp_path / "a/log/0000000001.json").unlink()
    (tmp_path / "a/head").rename(tmp_path / "hint")
    with pytest.raises(OutsideError, match="entry 1 is missing, but later ones are there"):
        log.head()
    (tmp_path / "a/log/0000000002.json").unlink()
    assert log.head() is None
    (tmp_path / "hint").rename(tmp_path / "a/head")
    with pytest.raises(OutsideError) as caught:
        log.head()
    assert str(caught.value) == (
        f"file:{tmp_path}, a/log/0000000002.json: the log is empty, but entry 2 was written once. "
        "Restore the log from a backup; nothing was changed."
    )


def test_an_edited_entry_breaks_the_chain(tmp_path: Path) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    for change in "abc":
        append(log, change)
    path = tmp_path / "a/log/0000000002.json"
    path.write_text(path.read_text().replace('"b"', '"evil"'))
    with pytest.raises(OutsideError, match=r"a/log/0000000003\.json: entry 3 does not continue entry 2"):
        list(log.entries())
    (tmp_path / "a/head").write_text("1")
    with pytest.raises(OutsideError, match="entry 3 does not continue entry 2"):
        log.head()


def test_a_first_entry_that_claims_a_past_is_refused(tmp_path: Path) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    append(log, "a")
    path = tmp_path / "a/log/0000000001.json"
    path.write_text(path.read_text().replace("null", f'"{"0" * 64}"'))
    with pytest.raises(OutsideError, match="entry 1 does not continue entry 0"):
        list(log.entries())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 7}, "the log entry says that it is number 7, not 1."),
        (
            {"_type": "https://mlops-actions.github.io/log-entry/v2"},
            "the log entry is of the type 'https://mlops-actions.github.io/log-entry/v2'; this release reads "
            "'https://mlops-actions.github.io/log-entry/v1'. Use a release of mlops-actions that knows it.",
        ),
        ({"state": None}, "the log entry is damaged: state: Input should be an object."),
        ({"new_in_v1_1": [1]}, None),
    ],
)
def test_an_entry_of_another_make_is_refused_but_new_fields_are_read_over(
    tmp_path: Path, change: dict[str, object], message: str | None
) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    append(log, "a")
    path = tmp_path / "a/log/0000000001.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    if message is None:
        assert log.head() is not None
        return
    with pytest.raises(OutsideError) as caught:
        log.head()
    assert str(caught.value) == f"file:{tmp_path}, a/log/0000000001.json: {message}"


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_a_truncated_entry_is_damage_and_no_end_of_the_log(tmp_path: Path, cut: int) -> None:
    log = Log(Objects(f"file:{tmp_path}"), "a")
    append(log, "a")
    path = tmp_path / "a/log/0000000001.json"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(OutsideError, match="the log entry is damaged: the file: Invalid JSON"):
        log.head()


def test_an_entry_written_by_release_0_1_is_read(tmp_path: Path) -> None:
    """The format is fixed: this text must be readable for ever."""
    (tmp_path / "a/log").mkdir(parents=True)
    (tmp_path / "a/log/0000000001.json").write_text(
        '{"_type": "https://mlops-actions.github.io/log-entry/v1", "number": 1, "id": "00", "previous": null,'
        ' "time": "2026-01-02T03:04:05.6Z", "by": "mlops-actions 0.1.0", "change": {"x": 1}, "state": {"y": 2}}'
    )
    entry = Log(Objects(f"file:{tmp_path}"), "a").head()
    assert entry is not None
    assert (entry.number, entry.by, entry.change, entry.state) == (1, "mlops-actions 0.1.0", {"x": 1}, {"y": 2})
    assert entry.time.isoformat() == "2026-01-02T03:04:05.600000+00:00"
