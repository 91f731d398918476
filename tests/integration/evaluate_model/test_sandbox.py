"""The sandbox itself, with the interpreter of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlops_actions.errors import CancelledError, InputError
from mlops_actions.evaluate_model.sandbox import Ending, Isolation, choose, exchange_folder, find_interpreter


def run_inside(code: str, level: Isolation = "process", seconds: float = 30.0) -> Ending:
    sandbox = choose(level, find_interpreter(sys.executable, "python"))
    with exchange_folder(sandbox) as folder:
        return sandbox.run(["-I", "-c", code], folder, seconds)


def test_the_environment_is_made_from_nothing() -> None:
    ending = run_inside("import os; print(sorted(os.environ))")
    assert ending.output == ("['HOME', 'LANG', 'PATH', 'TMPDIR']",)


def test_it_keeps_no_privileges_and_no_open_files(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as stream:
        os.set_inheritable(stream.fileno(), True)
        ending = run_inside(
            "import os; lines = open('/proc/self/status').readlines();"
            "print([line for line in lines if line[:6] in ('CapEff', 'CapBnd', 'NoNewP')],"
            "sorted(map(int, os.listdir('/proc/self/fd'))))"
        )
    assert ending.output == (
        "['CapEff:\\t0000000000000000\\n', 'CapBnd:\\t0000000000000000\\n', 'NoNewPrivs:\\t1\\n'] [0, 1, 2, 3]",
    )


def test_strict_sees_no_network_no_process_and_no_services() -> None:
    if not reaches_strict():
        pytest.skip("this machine has neither root, sudo nor user namespaces")
    ending = run_inside(
        "import os, socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "print(s.connect_ex(('192.0.2.1', 53)) != 0, len([p for p in os.listdir('/proc') if p.isdigit()]),"
        "os.listdir('/run'), sorted(os.listdir('/dev')))",
        "strict",
    )
    assert ending.output == ("True 2 [] ['full', 'null', 'random', 'shm', 'urandom', 'zero']",)


def test_strict_writes_only_into_its_own_folders(tmp_path: Path) -> None:
    if not reaches_strict():
        pytest.skip("this machine has neither root, sudo nor user namespaces")
    places = [
        str(Path.cwd() / "x"),
        str(Path.home() / "x"),
        "/var/x",
        "input/x",
        "x",
        "output/x",
        "home/x",
        "/dev/shm/x",
    ]
    ending = run_inside(
        f"for place in {places!r}:\n"
        "    try: open(place, 'w').close(); print(place)\n"
        "    except OSError as error: assert error.errno in (2, 13, 30), error",
        "strict",
    )
    assert ending.output == ("output/x", "home/x", "/dev/shm/x")


def test_an_interpreter_beside_the_working_directory_is_found_in_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    monkeypatch.chdir(tmp_path / "project")
    interpreter = find_interpreter("../venv/bin/python", "python")
    assert interpreter.executable == str(tmp_path / "venv" / "bin" / "python")
    assert str(tmp_path / "venv") in interpreter.prefixes


def test_a_level_that_cannot_be_reached_names_what_failed_and_what_would_allow_less(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.symlink_to(sys.executable)
    interpreter = find_interpreter(str(program), "python")
    program.unlink()
    with pytest.raises(InputError) as caught:
        choose("strict", interpreter)
    message = str(caught.value)
    assert message.startswith("isolation: isolation 'strict' cannot be reached on this machine: namespaces by ")
    assert f"No such file or directory: '{interpreter.executable}'" in message
    assert message.endswith("`isolation: process` (the model then sees the network and this user's files).")


def test_endless_output_is_read_and_only_its_end_is_kept() -> None:
    ending = run_inside("for i in range(200_000): print(i, 'x' * 500)")
    assert ending.exit_code == 0
    assert len(ending.output) == 20
    assert ending.output[-1].startswith("199999 xxx")
    assert len(ending.output[-1]) == 300


def test_a_child_that_holds_the_output_open_does_not_hold_us_up() -> None:
    begin = time.monotonic()
    ending = run_inside("import os, time\nif not os.fork(): time.sleep(60)\nprint('done')")
    assert time.monotonic() - begin < 20
    assert (ending.exit_code, ending.output) == (0, ("done",))


def test_a_cancelled_run_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    def cancel(*_: object) -> None:
        raise CancelledError("cancelled")

    before = signal.signal(signal.SIGALRM, cancel)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    begin = time.monotonic()
    try:
        with pytest.raises(CancelledError):
            run_inside("import time; time.sleep(60)")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - begin < 20


def reaches_strict() -> bool:
    try:
        choose("strict", find_interpreter(sys.executable, "python"))
    except InputError:
        return False
    return True
