"""Strict without privilege: Landlock and a filter of system calls, where no namespaces may be made."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import joblib
import pytest
from sklearn.metrics import roc_auc_score

from mlops_actions.evaluate_model.sandbox import Ending, Interpreter, Sandbox, exchange_folder, find_interpreter
from mlops_actions.evaluate_model.sandbox import isolation as isolations
from mlops_actions.evaluate_model.sandbox.proof import refutation

from .conftest import Evaluate, frame

INSIDE = Path(isolations.__file__).parent / "inside"


@pytest.fixture
def sandbox() -> Sandbox:
    found = Sandbox("strict", find_interpreter(sys.executable, "python"), landlock=True)
    if why := refutation(found):
        pytest.skip(f"Landlock does not reach strict here, which Linux 6.12 does: {why}")
    return found


def run_in(sandbox: Sandbox, code: str) -> Ending:
    with exchange_folder(sandbox.nobody) as folder:
        return sandbox.run(["-I", "-c", textwrap.dedent(code)], folder, 60)


def test_it_is_chosen_where_no_namespace_may_be_made(sandbox: Sandbox) -> None:
    """In a process, and all that it starts, to which the kernel refuses `unshare`; sudo is out with new privileges."""
    code = f"""
        import os, sys
        sys.path.insert(0, {str(INSIDE)!r})
        import kernel, system_calls as calls
        from mlops_actions.evaluate_model.sandbox import choose, find_interpreter
        kernel.libc.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        number = calls.REFUSED["unshare"][calls.MACHINES[os.uname().machine][1]]
        refused = list(calls.returning(number, calls.ERROR | 1))
        calls.install([(calls.LOAD, 0, 0, calls.NUMBER), *refused, (calls.RETURN, 0, 0, calls.ALLOW)])
        print(choose("strict", find_interpreter(sys.executable, "python")).means)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "Landlock and a filter of system calls, user unchanged\n"


def test_a_model_is_scored_in_it(
    evaluate: Evaluate, trained: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only(interpreter: Interpreter) -> list[Sandbox]:
        return [replace(sandbox, interpreter=interpreter)]

    monkeypatch.setattr(isolations, "_strict_ways", only)
    # Beside itself, too: what the two are told and say comes over a socket.
    found = evaluate(trained, isolation="strict", champion=trained, compare_latency=True)
    assert found.latency is not None
    assert "latency_p50_ms" in found.latency.differences
    probability = joblib.load(trained).predict_proba(frame()[["wind", "rain"]])[:, 1]
    assert found.estimates["roc_auc"].value == pytest.approx(roc_auc_score(frame().late, probability))
    assert (found.isolation, found.isolation_means) == (
        "strict",
        "Landlock and a filter of system calls, user unchanged",
    )


def test_labels_and_tokens_cannot_be_read_though_the_interpreter_lies_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (tmp_path / "labels.csv").write_text("late\n1\n")
    monkeypatch.chdir(tmp_path)
    own = replace(sandbox, interpreter=find_interpreter(".venv/bin/python", "python"))
    assert refutation(own) is None
    ending = run_in(
        own,
        f"""
        import os, sys
        print(sys.prefix)
        for attempt in (os.listdir, lambda path: open(path + "/labels.csv"), lambda path: open(path + "/new", "w")):
            try:
                print(attempt({str(tmp_path)!r}))
            except PermissionError:
                print("refused")
    """,
    )
    assert ending.output == (f"{tmp_path}/.venv", "refused", "refused", "refused")


def test_a_workspace_inside_a_system_folder_is_left_out_of_it(tmp_path: Path) -> None:
    """Such as the folder /usr/src/app of many images: a rule for /usr would show it."""
    for name in ("usr/lib/python", "usr/src/app/data", "usr/src/linux"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/src/link").symlink_to("app")
    code = f"""
        import sys
        sys.path.insert(0, {str(INSIDE)!r})
        import landlock
        print(sorted(landlock.uncovered({str(tmp_path / "usr")!r}, [{str(tmp_path / "usr/src/app")!r}])))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{[str(tmp_path / one) for one in ('usr/lib', 'usr/src/linux')]}\n"


def test_what_a_model_copies_keeps_no_mode_and_goes_on(sandbox: Sandbox) -> None:
    ending = run_in(
        sandbox,
        """
        import os, shutil
        open("home/a", "w").write("x")
        os.chmod("home/a", 0o777)
        shutil.copy2("home/a", "output/b")
        print(oct(os.stat("home/a").st_mode & 0o777), open("output/b").read())
    """,
    )
    assert ending.output == ("0o644 x",)


def test_a_child_is_held_as_its_parent_is(sandbox: Sandbox) -> None:
    ending = run_in(
        sandbox,
        f"""
        import subprocess, sys
        code = "import socket\\ntry: socket.socket()\\nexcept PermissionError: print('refused')"
        print(subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True).stdout.strip())
        try:
            open({str(Path(__file__))!r})
        except PermissionError:
            print("refused")
    """,
    )
    assert ending.output == ("refused", "refused")


def test_more_than_it_may_write_ends_it(sandbox: Sandbox) -> None:
    limited = replace(sandbox, limits=replace(sandbox.limits, disk=1_000_000))
    ending = run_in(
        limited,
        """
        import time
        for number in range(3):
            with open(f"home/{number}", "wb") as stream:
                stream.write(bytes(900_000))
        time.sleep(20)
    """,
    )
    assert ending.exceeded == "disk"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_the_user_nobody_may_write_into_its_folders(sandbox: Sandbox) -> None:
    """As far as nobody can run the interpreter at all: here it runs a program of the system."""
    own = replace(sandbox, nobody=True, interpreter=replace(sandbox.interpreter, executable="/bin/sh"))
    with exchange_folder(own.nobody) as folder:
        ending = own.run(["-c", "echo found > output/x && id -u && cat /etc/shadow"], folder, 30)
        assert (folder / "output" / "x").read_text() == "found\n"
    assert ending.output[0] == "65534"
    assert ending.output[1].endswith("Permission denied")
