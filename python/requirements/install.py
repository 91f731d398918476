"""Makes an environment that holds exactly what some of the locks in this folder name, every file checked by its hash.

python3 install.py core aws               an environment kept for reuse; prints the path of its Python
python3 install.py dev.txt --into .venv   an environment at a place of one's own; a later run brings it up to date

Runs before anything is installed: standard library only. uv is the one on PATH, or else the one pinned in uv.txt,
fetched by pip. Whatever pip was told on this machine (index, mirror, certificates) is told to uv as well.
"""

import argparse
import ast
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
OLDEST_UV = (0, 5)
WRONG_INPUT, OUTSIDE_FAILED = 2, 4


class InstallError(Exception):
    """One message for the user, and the exit code that goes with it."""

    def __init__(self, message: str, exit_code: int = OUTSIDE_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("locks", nargs="+", help="names such as core and aws; with --into paths of requirements files")
    parser.add_argument("--into", type=Path, help="where the environment shall be")
    arguments = parser.parse_args()
    try:
        if arguments.into:
            update(arguments.into.absolute(), [Path(lock).absolute() for lock in arguments.locks])
        else:
            sys.stdout.write(f"{kept([LOCKS / f'{lock}.txt' for lock in arguments.locks], os.environ)}\n")
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"The environment cannot be written: {error}\n")
        return OUTSIDE_FAILED
    return 0


def update(environment: Path, locks: Sequence[Path]) -> None:
    """Brings `environment` to what `locks` name, and makes it first if it is not there."""
    with tempfile.TemporaryDirectory(prefix="mlops-actions-") as scratch:
        environment.parent.mkdir(parents=True, exist_ok=True)
        uv = UV.found(Path(scratch), beside=environment)
        if not runs(environment / "bin/python"):
            uv.run("venv", "--quiet", "--no-project", "--clear", "--python", sys.executable, str(environment))
        uv.sync(environment, locks)


def kept(locks: Sequence[Path], variables: Mapping[str, str]) -> Path:
    """The Python of an environment shared by the steps of a job and, where the machine keeps it, by later jobs."""
    root = storage(variables)
    environment = root / f"{'+'.join(lock.stem for lock in locks)}-{fingerprint(locks)}"
    python = environment / "bin/python"
    if complete(environment):
        return python
    with alone(root / "lock"):
        if not complete(environment):  # another step may have made it while this one waited
            with tempfile.TemporaryDirectory(prefix="new-", dir=root) as scratch:
                build(environment, locks, Path(scratch))
    return python


def storage(variables: Mapping[str, str]) -> Path:
    """The first folder that can be written: kept by the machine, by the job, by the user, or by nobody."""
    home = variables.get("XDG_CACHE_HOME") or (variables.get("HOME") and f"{variables['HOME']}/.cache")
    for parent in (variables.get("RUNNER_TOOL_CACHE"), variables.get("RUNNER_TEMP"), home):
        if parent:
            with contextlib.suppress(OSError):
                root = Path(parent).absolute() / "mlops-actions"
                root.mkdir(parents=True, exist_ok=True)
                if os.access(root, os.W_OK) and root.stat().st_uid == os.getuid():
                    return root
    return Path(tempfile.mkdtemp(prefix="mlops-actions-"))


def fingerprint(locks: Sequence[Path]) -> str:
    """What an environment depends on: its locks, and the interpreter and platform below it."""
    platform = getattr(sys.implementation, "_multiarch", sys.platform)  # tells glibc from musl
    below = (sys.base_prefix, sys.implementation.cache_tag, platform, os.uname().machine)
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + repr(below).encode()).hexdigest()[:16]


def complete(environment: Path) -> bool:
    return (environment / "complete").is_file() and os.access(environment / "bin/python", os.X_OK)


def build(environment: Path, locks: Sequence[Path], scratch: Path) -> None:
    """Makes the environment aside and renames it, so that nobody ever sees half of one."""
    uv = UV.found(scratch)
    new = scratch / "environment"
    uv.run("venv", "--quiet", "--no-project", "--relocatable", "--python", sys.executable, str(new))
    uv.sync(new, locks)
    (new / "complete").touch()
    if environment.exists():  # damaged from outside
        environment.rename(scratch / "damaged")
    new.rename(environment)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the system lets go of it however this process ends
        yield


class UV:
    """A working uv, with pip's settings."""

    def __init__(self, program: str, settings: Mapping[str, str]) -> None:
        self.program = program
        self.settings = settings

    @classmethod
    def found(cls, scratch: Path, beside: Path | None = None) -> "UV":
        pip = [sys.executable, "-m", "pip"]
        listing = pip_listing(pip)
        own = str(beside / "bin/uv") if beside else ""
        for program in (own, shutil.which("uv") or ""):
            if program and version(program) >= OLDEST_UV:
                return cls(program, uv_settings(read_pip_settings(listing or ""), os.environ))
        if listing is None:
            pip = pip_of_its_own(scratch / "pip")
            listing = pip_listing(pip)
        install = ("install", "--quiet", "--no-input", "--no-deps", "--only-binary=:all:", "--require-hashes")
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        call([*pip, *install, f"--target={scratch / 'uv'}", f"--requirement={LOCKS / 'uv.txt'}"], quiet, "pip")
        return cls(str(scratch / "uv/bin/uv"), uv_settings(read_pip_settings(listing or ""), os.environ))

    def sync(self, environment: Path, locks: Sequence[Path]) -> None:
        python = str(environment / "bin/python")
        # A source distribution is built with what the same locks name.
        building = (f"--build-constraints={lock}" for lock in locks)
        self.run("pip", "sync", "--quiet", "--python", python, "--require-hashes", *building, *map(str, locks))

    def run(self, *arguments: str) -> None:
        fixed = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
        if not os.environ.get("HOME"):
            fixed["UV_NO_CACHE"] = "1"
        # Away from the user's project, whose pyproject.toml or uv.toml may configure uv for other ends.
        call([self.program, *arguments], {**fixed, **self.settings}, "uv", folder=Path(self.program).parent)


def pip_listing(pip: list[str]) -> str | None:
    """What `pip config list` prints; None where there is no pip."""
    done = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout


def read_pip_settings(listing: str) -> dict[str, str]:
    """That listing as `{key: value}`: the environment before [install] before [global]."""
    ranks = {"global": 0, "install": 1, ":env:": 2}
    found = [match for line in listing.splitlines() if (match := re.fullmatch(r"(\S+?)\.([a-z-]+)=(['\"].*)", line))]
    found = [match for match in found if match[1] in ranks]
    return {match[2]: ast.literal_eval(match[3]) for match in sorted(found, key=lambda match: ranks[match[1]])}


def uv_settings(pip: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """pip's settings as uv's variables, without those that the user set for uv."""
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).exists()]
    settings = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(links),
        "UV_NO_INDEX": "1" if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("default-timeout", "") or pip.get("timeout", ""),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "ALL_PROXY": pip.get("proxy", ""),
        # As pip does: any index may serve a file. Safe, since its hash is known.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if pip.get("extra-index-url") else "",
    }
    older = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
    users = {name for name in settings if variables.get(name) or variables.get(older.get(name, ""))}
    return {name: value for name, value in settings.items() if value and name not in users}


def pip_of_its_own(place: Path) -> list[str]:
    if not runs(sys.executable, "-c", "import ensurepip, venv"):
        raise InstallError(
            f"{sys.executable} has neither uv, pip nor venv beside it. On Debian and Ubuntu: apt install python3-venv",
            WRONG_INPUT,
        )
    call([sys.executable, "-m", "venv", str(place)], {}, "venv")
    return [str(place / "bin/python"), "-m", "pip"]


def version(uv: str) -> tuple[int, ...]:
    """Nothing where the program does not run, as with the shim of a version manager."""
    try:
        shown = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    match = re.match(r"uv (\d+)\.(\d+)", shown)
    return (int(match[1]), int(match[2])) if match else ()


def runs(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# The caller's choices for its own project, which would bend what is installed here.
FOREIGN = re.compile(
    "VIRTUAL_ENV|PYTHON(PATH|HOME)|PIP_(TARGET|PREFIX|USER|REQUIRE_VIRTUALENV)"
    "|UV_(PYTHON|SYSTEM_PYTHON|PROJECT|PROJECT_ENVIRONMENT|WORKING_DIR|WORKING_DIRECTORY|CONSTRAINT|OVERRIDE|EXCLUDE_NEWER)"
)


def call(command: list[str], settings: Mapping[str, str], what: str, folder: Path | None = None) -> None:
    kept_variables = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
    done = subprocess.run(
        command, env={**kept_variables, **settings}, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise InstallError(f"{what} could not make the environment; it said:\n{said}")


if __name__ == "__main__":
    sys.exit(main())
