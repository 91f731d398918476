from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.comparison.pairs import Pairs, open_pairs
from mlops_actions.errors import OutsideError


def test_a_file_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    source = open_pairs(str(file), "a", "b")
    assert source.read() == Pairs(), "it is not there yet"
    file.write_text('{"id": 1, "stable": "x", "candidate": "y"}\n{"id": 2, "sta')
    assert source.read().predictions == (("x", "y"),)
    with file.open("a") as stream:
        stream.write('ble": "x", "candidate": "x"}\n\n')
    assert source.read().predictions == (("x", "y"), ("x", "x"))
    assert open_pairs(str(file), "a", "b").read() == source.read(), "another process reads the same"


def test_pairs_of_an_earlier_candidate_are_passed_over_by_every_run(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    source = open_pairs(str(file), "a", "b")
    assert source.written() == 0, "it is not there yet"
    file.write_text('{"id": 1, "stable": "x", "candidate": "y", "label": "x"}\n')
    begin = source.written()
    with file.open("a") as stream:
        stream.write('{"id": 1, "stable": "x", "candidate": "x"}\n{"id": 1, "label": "x"}\n')
    for reader in (source, open_pairs(str(file), "a", "b")):
        assert reader.read(begin) == Pairs((("x", "x"),), (("x", "x", "x"),))
    with file.open("a") as stream:
        stream.write("<html>\n")
    with pytest.raises(OutsideError, match=r"line 4 of .*pairs.jsonl is no JSON object"):
        source.read(begin)
    with pytest.raises(OutsideError, match=r"line 4 of .*pairs.jsonl is no JSON object"):
        open_pairs(str(file), "a", "b").read(begin)


def test_a_line_that_is_still_being_written_is_yet_to_come(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"id": 1, "stable": 1, "candidate": 1}\n{"id": 2, ')
    assert open_pairs(str(file), "a", "b").written() == len('{"id": 1, "stable": 1, "candidate": 1}\n')


def test_pairs_count_in_the_order_in_which_they_got_complete(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(
        '{"id": 1, "stable": 0}\n{"id": 2, "stable": 1, "candidate": 1}\n{"id": 1, "candidate": 1}\n'
        '{"id": 1, "label": 1}\n{"id": 3, "label": 0}\n{"id": 3, "stable": 0, "candidate": 0}\n{"id": 2, "label": 0}\n'
    )
    found = open_pairs(str(file), "a", "b").read()
    assert found.predictions == ((1, 1), (0, 1), (0, 0))
    assert found.labelled == ((0, 1, 1), (0, 0, 0), (1, 1, 0))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<html>", "line 2 of .*pairs.jsonl is no JSON object with an 'id'. A line is like"),
        ('{"stable": 1}', "is no JSON object with an 'id'"),
        ('{"id": 1, "stable": 2}', "gives 'stable' of 1 again"),
        ('{"id": 2, "stable": null}', "has None as 'stable'"),
        ('{"id": 2, "stable": NaN}', "has nan as 'stable'"),
        ('{"id": 2, "stable": [1]}', r"has \[1\] as 'stable'"),
    ],
)
def test_a_line_that_is_no_pair_is_never_skipped(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(f'{{"id": 1, "stable": 1, "candidate": 1}}\n{line}\n')
    with pytest.raises(OutsideError, match=said):
        open_pairs(str(file), "a", "b").read()


def test_a_file_that_got_shorter_is_another_one(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"id": 1, "stable": 1, "candidate": 1}\n')
    source = open_pairs(str(file), "a", "b")
    source.read()
    begin = source.written()
    file.write_text("")
    with pytest.raises(OutsideError, match="got shorter; pairs are only ever added to it"):
        source.read()
    with pytest.raises(OutsideError, match="got shorter; pairs are only ever added to it"):
        open_pairs(str(file), "a", "b").read(begin)


def test_a_command_prints_them(tmp_path: Path) -> None:
    script = tmp_path / "pairs.sh"
    script.write_text('#!/bin/sh\n[ "$1" = pairs ] && echo \'{"id": 7, "stable": true, "candidate": false}\'\n')
    script.chmod(0o755)
    assert open_pairs(f"exec:{script}", "a", "b").read().predictions == ((True, False),)
