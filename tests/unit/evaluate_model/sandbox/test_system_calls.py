"""The filter of system calls, run by an interpreter of its own: what the kernel would answer each call."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.evaluate_model.sandbox import isolation

ALLOWED, KILLED = "allowed", "killed"
NEW_USER, THREAD = 0x10000000, 0x3D0F00
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
OPENAT = {"x86_64": 257, "aarch64": 56}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, which runs where nothing of ours is installed."""
    if sys.platform != "linux":
        pytest.skip("system calls are filtered on Linux only")
    monkeypatch.syspath_prepend(str(Path(isolation.__file__).parent / "inside"))
    return import_module("system_calls")


def answer(program: list[tuple[int, int, int, int]], number: int, *arguments: int, architecture: int) -> str | int:
    """What the program returns for a call: allowed, killed, or an error number."""
    words = {0: number, 4: architecture, **{16 + 8 * place: value for place, value in enumerate(arguments)}}
    loaded, here = 0, 0
    while True:
        code, if_true, if_false, value = program[here]
        here += 1
        if code == 0x20:
            loaded = words.get(value, 0)
        elif code == 0x06:
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(value, value & 0xFFFF)
        elif code == 0x54:
            loaded &= value
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
            here += if_true if holds else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_call_is_answered_by_its_arguments(calls: Any, machine: str) -> None:
    place = calls.MACHINES[machine][1]

    def ask(number: int, *arguments: int) -> str | int:
        return answer(calls.program(machine), number, *arguments, architecture=ARCHITECTURES[machine])

    for name, numbers in calls.REFUSED.items():
        if numbers[place] is not None:
            assert ask(numbers[place]) == errno.EPERM, name
    for numbers in calls.WITHOUT_EFFECT.values():
        assert numbers[place] is None or ask(numbers[place]) == 0
    for numbers in calls.UNSUPPORTED.values():
        assert ask(numbers[place]) == errno.EOPNOTSUPP
    for numbers in calls.OF_ITSELF_ONLY.values():
        assert (ask(numbers[place], 0), ask(numbers[place], 4711)) == (ALLOWED, errno.EPERM)
    assert (ask(calls.CLONE[place], THREAD), ask(calls.CLONE[place], THREAD | NEW_USER)) == (ALLOWED, errno.EPERM)
    assert (ask(calls.IOCTL[place], 1, 0x5401), ask(calls.IOCTL[place], 1, 0x5412)) == (ALLOWED, errno.EPERM)
    pairs = [ask(calls.SOCKETPAIR[place], 1, kind) for kind in (1, 0x80001, 2, 5)]
    assert pairs == [ALLOWED, ALLOWED, errno.EPERM, errno.EPERM]
    assert ask(OPENAT[machine], 0) == ALLOWED
    assert [ask(number) for number in (435, 452, 463, 9999, 0x40000000 + 41)] == [errno.ENOSYS] * 5


def test_keyrings_alone_are_refused_where_namespaces_do_the_rest(calls: Any) -> None:
    for machine, architecture in ARCHITECTURES.items():
        program, place = calls.program_of_keys(machine), calls.MACHINES[machine][1]
        for name, numbers in {**calls.REFUSED, **calls.WITHOUT_EFFECT}.items():
            if numbers[place] is not None:
                expected = errno.EPERM if name in ("add_key", "request_key", "keyctl") else ALLOWED
                assert answer(program, numbers[place], architecture=architecture) == expected, name
        assert answer(program, 0x40000000 + 250, architecture=architecture) == errno.ENOSYS
        assert answer(program, 250, architecture=0x40000003) == KILLED


def test_calls_of_another_architecture_end_the_process(calls: Any) -> None:
    """Their numbers mean something else: 41 opens a socket here, and is `dup` for programs of 32 bits."""
    assert answer(calls.program("x86_64"), 41, architecture=0x40000003) == KILLED


def test_no_number_stands_twice(calls: Any) -> None:
    groups = (calls.REFUSED, calls.WITHOUT_EFFECT, calls.UNSUPPORTED, calls.OF_ITSELF_ONLY)
    for place in (0, 1):
        numbers = [one[place] for group in groups for one in group.values() if one[place] is not None]
        assert len(numbers) == len(set(numbers))
