"""The sandbox itself, with the interpreter of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import CancelledError, InputError
from mlops_actions.evaluate_model.sandbox import (
    Ending,
    Isolation,
    Limits,
    Sandbox,
    choose,
    exchange_folder,
    find_interpreter,
)
from mlops_actions.evaluate_model.sandbox.proof import refutation


def run_inside(code: str, level: Isolation = "process", seconds: float = 30.0) -> Ending:
    sandbox = choose(level, find_interpreter(sys.executable, "python"))
    with exchange_folder(sandbox.nobody) as folder:
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
        "os.path.exists('/run'), sorted(os.listdir('/dev')))",
        "strict",
    )
    assert ending.output == ("True 2 False ['fd', 'full', 'null', 'random', 'shm', 'urandom', 'zero']",)


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


WAYS: dict[str, dict[str, Any]] = {
    "root as nobody": {"nobody": True},
    "root": {},
    "a user namespace": {"user_namespace": True},
    "Landlock": {"landlock": True},
}


@pytest.fixture(params=WAYS)
def strict(request: pytest.FixtureRequest) -> Sandbox:
    """Each way to reach the level, whatever would be chosen on this machine."""
    return reached(request.param)


def reached(way: str) -> Sandbox:
    sandbox = Sandbox("strict", find_interpreter(sys.executable, "python"), **WAYS[way])
    if why := refutation(sandbox):
        pytest.skip(f"{way} does not reach strict here: {why}")
    return sandbox


@pytest.fixture(params=[name for name, way in WAYS.items() if "landlock" not in way])
def namespaced(request: pytest.FixtureRequest) -> Sandbox:
    """Each way that shows files of its own; what Landlock shows is in test_landlock.py."""
    return reached(request.param)


def run_in(sandbox: Sandbox, code: str) -> Ending:
    with exchange_folder(sandbox.nobody) as folder:
        return sandbox.run(["-I", "-c", textwrap.dedent(code)], folder, 60)


def test_labels_and_tokens_are_not_there_though_the_interpreter_lies_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, namespaced: Sandbox
) -> None:
    """The workspace is shown as far as the interpreter needs it, and no further."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (tmp_path / "labels.csv").write_text("late\n1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("AUTHORIZATION: basic token")
    monkeypatch.chdir(tmp_path)
    sandbox = replace(namespaced, interpreter=find_interpreter(".venv/bin/python", "python"))
    assert refutation(sandbox) is None
    ending = run_in(
        sandbox,
        f"""
        import os, sys
        print(sys.prefix, os.listdir({str(tmp_path)!r}), os.path.exists({str(Path.home() / ".bashrc")!r}))
    """,
    )
    assert ending.output == (f"{tmp_path}/.venv ['.venv'] False",)


def test_a_model_may_write_only_to_memory_of_limited_size(namespaced: Sandbox) -> None:
    sandbox = replace(namespaced, limits=Limits(disk=1_000_000))
    ending = run_in(
        sandbox,
        """
        for place in ("output/x", "home/x", "/dev/shm/x"):
            try:
                with open(place, "wb") as stream:
                    stream.write(bytes(900_000))
                print(place)
            except OSError as error:
                print(error.strerror)
    """,
    )
    assert ending.output == ("output/x", "No space left on device", "No space left on device")


def test_more_processes_than_allowed_are_ended(strict: Sandbox) -> None:
    """At most 120 that only sleep: where nothing stopped them, the test would fail and the machine live on."""
    begin = time.monotonic()
    ending = run_in(
        replace(strict, limits=Limits(processes=30)),
        """
        import os, time
        for _ in range(120):
            if not os.fork():
                time.sleep(20)
                os._exit(0)
        time.sleep(20)
    """,
    )
    assert ending.exceeded == "processes"
    assert time.monotonic() - begin < 15


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_the_kernel_itself_refuses_nobody_further_processes() -> None:
    """Even were the watch asleep: its limit lies so high here that it never looks up."""
    allowed = 64 * (os.cpu_count() or 1)
    sandbox = Sandbox("strict", find_interpreter(sys.executable, "python"), nobody=True)
    ending = run_in(
        replace(sandbox, limits=Limits(processes=100)),
        f"""
        import os, resource
        print(resource.getrlimit(resource.RLIMIT_NPROC) == ({100 + allowed}, {100 + allowed}))
        resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))
        started = 0
        try:
            for started in range(60):
                if not os.fork():
                    import time; time.sleep(2); os._exit(0)
        except OSError as error:
            print(error.strerror, started < 20)
    """,
    )
    assert ending.output == ("True", "Resource temporarily unavailable True")


def test_memory_is_counted_over_all_processes(strict: Sandbox) -> None:
    ending = run_in(
        replace(strict, limits=Limits(memory=200_000_000)),
        """
        import os, time
        for i in range(3):
            if not os.fork():
                break
        held = bytearray(os.urandom(1)) * 90_000_000
        time.sleep(30)
    """,
    )
    assert ending.exceeded == "memory"


def test_memory_that_processes_share_is_counted_once(strict: Sandbox) -> None:
    ending = run_in(
        replace(strict, limits=Limits(memory=200_000_000)),
        """
        import os, time
        held = bytearray(os.urandom(1)) * 90_000_000
        for i in range(3):
            if not os.fork():
                time.sleep(1)
                os._exit(0)
        for i in range(3):
            os.wait()
        print("done")
    """,
    )
    assert (ending.exceeded, ending.output) == ("", ("done",))


def reaches_strict() -> bool:
    try:
        choose("strict", find_interpreter(sys.executable, "python"))
    except InputError:
        return False
    return True
