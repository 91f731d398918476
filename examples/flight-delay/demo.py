"""Takes five models through the release train on real data, with a real canary on loopback, and says how each ended.

Run: make demo        (at the top of the repository; it makes both environments first)
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MLOPS_ACTIONS = Path(sys.executable).with_name("mlops-actions")
PYTHON = Path(".venv", "bin", "python")
PROXY, BLUE, GREEN = 18080, 18081, 18082
PATIENCE = 30  # seconds in which a program ends by itself
RATE, SECONDS = 80, 300  # of requests in a rollout, and how long they go on at the most
WRONG_INPUT = 2  # exit code
CHALLENGERS = {
    "weather": "knows the weather and the plane besides the timetable",
    "boosting": "looks better by a wide margin, as long as flights count as independent",
    "leaky": "knows how late the flight left, which nobody knows when the prediction is made",
    "fragile": "is better, too, and has never met what the live feed sends",
}


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    os.chdir(HERE)
    began = time.monotonic()
    make_room()
    for left in ("build", "mlops-evidence", "mlops-state", "registry"):
        shutil.rmtree(left, ignore_errors=True)
    say("336,776 real flights: which will be more than 15 minutes late? Trained on January to August")
    call(PYTHON, "prepare.py")
    for name in ("schedule", *CHALLENGERS):
        train(name)
    say("schedule: the first champion, from the timetable alone; it has a floor to clear and nobody to beat")
    first = ("--model", path("schedule"))
    stages = (MLOPS_ACTIONS, "run", *first, "--stages", "validate-data, evaluate-model, quality-gate")
    code = code_of(*stages)
    if code == WRONG_INPUT and "INPUT_ISOLATION" not in os.environ:
        say("Where a machine cannot keep a model to itself, as it says above, more is allowed: `isolation: process`")
        os.environ["INPUT_ISOLATION"] = "process"
        code = code_of(*stages)
    if code:
        sys.exit(f"the train of schedule ended with code {code}")
    call(MLOPS_ACTIONS, "promote-champion", *first, "--alias", "champion", "--require", "verdict")
    endings = release_all()
    say("What came later: November and December, which no gate had seen")
    call(PYTHON, "epilogue.py")
    say(f"The five models, after {time.monotonic() - began:.0f} seconds")
    for name, ending in endings.items():
        print(f"  {name:<10}{ending}")
    print(f"\n  report     {HERE / 'build' / 'weather.html'}, and one a model beside it")
    print(f"  registry   {HERE / 'registry'}: try `mlops-actions trace flight-delay@champion` in {HERE}")
    print(f"  read next  {HERE / 'README.md'}, then actions/quality-gate/README.md", flush=True)


def release_all() -> dict[str, str]:
    """Each challenger against the champion of the moment. Of two servers one is live, the other free."""
    endings, weights = {"schedule": "the first champion"}, {}
    live, free = BLUE, GREEN
    with ExitStack() as proxy, ExitStack() as champion:
        proxy.callback(stop_proxy)
        champion.enter_context(server("schedule", live))
        for name, what in CHALLENGERS.items():
            say(f"{name}: {what}")
            with ExitStack() as candidate:
                candidate.enter_context(server(name, free))
                ended = release(name, live, free)
                if ended["stage"] in ("canary-deploy", "promote-champion"):
                    weights[name] = float(canary("status", live, free)["weight"])
                endings[name] = f"{ended.get('outcome') or ended['result']} at {ended['stage']}; the champion stays"
                if (ended["stage"], ended["result"]) == ("promote-champion", "pass"):
                    endings[name] = "the champion, with all traffic"
                    champion.close()
                    champion.push(candidate.pop_all())
                    live, free = free, live
    Path("build", "weights.json").write_text(json.dumps(weights))
    return endings


def train(name: str) -> None:
    """Train one model, and record from what."""
    call(
        *(MLOPS_ACTIONS, "record", "--model", path(name), "--data", "data/train.parquet"),
        *("--lock", "requirements.txt", "--seed", "0", "--", PYTHON, "train.py", name),
    )


def release(name: str, live: int, free: int) -> dict[str, str]:
    """The whole train of one model, with users from the moment its canary begins; what its last stage put out."""
    command = (MLOPS_ACTIONS, "--json", "run", "--model", path(name), "--report-path", f"build/{name}.html")
    environ = routed(live, free) | ({"FORCE_COLOR": "1"} if sys.stderr.isatty() else {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with ExitStack() as users, started(*command, env=environ, **pipes) as train:
        for line in train.stderr:
            print(line, end="", flush=True)
            if "/6 canary-deploy" in line:
                users.enter_context(started(PYTHON, "load.py", "--port", PROXY, "--rate", RATE, "--seconds", SECONDS))
        outputs: dict[str, str] = json.loads(train.stdout.read() or "{}")
        train.wait()
    if outputs.get("result", "error") == "error":
        sys.exit(f"the train of {name} ended with code {train.returncode}")
    return outputs


def canary(mode: str, live: int, free: int) -> dict[str, str]:
    """What canary-deploy says when it is asked for its `status`, or told to `stop` the proxy."""
    command = (
        MLOPS_ACTIONS,
        "--json",
        "canary-deploy",
        "--mode",
        mode,
        "--fail-on",
        "never",
        "--model",
        path("schedule"),
    )
    with started(*command, env=routed(live, free), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        out, told = asked.communicate()
    if asked.returncode:
        sys.exit(f"canary-deploy could not {mode}:\n{told}")
    return json.loads(out)


def stop_proxy() -> None:
    canary("stop", BLUE, GREEN)


def make_room() -> None:
    """End the proxy of a demo that was killed, and see that the ports are free."""
    if Path("mlops-state").is_dir() and Path(path("schedule")).is_file():
        stop_proxy()
    for port in (PROXY, BLUE, GREEN):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                sys.exit(f"port {port} of this machine is needed: {error.strerror}. End what listens there.")


def leave(number: int, _frame: object) -> None:
    """Unwind, once: everything that was started is ended on the way."""
    for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(later, signal.SIG_IGN)
    print("\nstopping what was started ...", file=sys.stderr, flush=True)
    sys.exit(128 + number)


def routed(live: int, free: int) -> dict[str, str]:
    """The environment that tells canary-deploy where both servers are."""
    return os.environ | {"INPUT_STABLE": f"127.0.0.1:{live}", "INPUT_CANDIDATE": f"127.0.0.1:{free}"}


@contextmanager
def server(name: str, port: int) -> Iterator[None]:
    """A scoring server, which waits until the registry has exactly these bytes."""
    digest = hashlib.sha256(Path(path(name)).read_bytes()).hexdigest()
    with started(PYTHON, "serve.py", "--model", f"sha256:{digest}", "--port", port, "--wait", 120):
        yield


@contextmanager
def started(*command: object, env: dict[str, str] | None = None, **pipes: Any) -> Iterator[subprocess.Popen]:
    """A program that runs as long as the block, and is asked to end after it.

    In a session of its own: Ctrl-C is ours, so that the servers are there until the train has taken its traffic back.
    """
    tools = {"PATH": f"{MLOPS_ACTIONS.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    words = [str(word) for word in command]
    process = subprocess.Popen(words, env=(env or os.environ) | tools, start_new_session=True, **pipes)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def call(*command: object) -> None:
    """Run a command to its end; if it fails, so does the demo."""
    if code := code_of(*command):
        sys.exit(f"`{' '.join(map(str, command))}` ended with code {code}")


def code_of(*command: object) -> int:
    """Run a command to its end; its exit code."""
    with started(*command) as process:
        return process.wait()


def path(name: str) -> str:
    return f"build/{name}.joblib"


def say(title: str) -> None:
    print(f"\n=== {title}\n", flush=True)


if __name__ == "__main__":
    main()
