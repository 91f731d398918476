"""Makes an environment from a model's own requirements, kept for reuse; prints the path of its Python.

python3 model.py requirements.txt --python 3.11     also a pylock.toml, a uv.lock or a pyproject.toml

Only wheels are installed, since building a package runs its code. Standard library only, as install.py.
"""

import argparse
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from install import OUTSIDE_FAILED, UV, WRONG_INPUT, InstallError, alone, call, complete, storage

THE_USERS = ("No solution found", "Couldn't parse", "Building source", "Hash mismatch", "Distribution not found")
"""What uv says where the requirements are at fault; all else is the outside world's failure."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("requirements", type=Path, help="requirements.txt, pylock.toml, uv.lock or pyproject.toml")
    parser.add_argument("--python", required=True, help="a version, which uv finds or downloads, or an interpreter")
    arguments = parser.parse_args()
    try:
        sys.stdout.write(f"{kept(arguments.requirements.absolute(), arguments.python)}\n")
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"The environment cannot be made: {error}\n")
        return OUTSIDE_FAILED
    return 0


def kept(requirements: Path, python: str) -> Path:
    """The Python of the environment, made if no earlier run left one of the same requirements."""
    for file, line in editable_lines(requirements):
        raise InstallError(f"{file} installs {line!r}, whose code would run to build it: name a wheel.", WRONG_INPUT)
    root = storage(os.environ)
    environment = root / f"model-{fingerprint(requirements, python)}"
    with alone(root / "lock"):
        if not complete(environment):
            with tempfile.TemporaryDirectory(prefix="new-", dir=root) as scratch:
                build(environment, requirements, python, Path(scratch))
    return environment / "bin/python"


def build(environment: Path, requirements: Path, python: str, scratch: Path) -> None:
    """Makes the environment aside and renames it, so that nobody ever sees half of one."""
    uv = UV.found(scratch)
    if requirements.name == "uv.lock":
        requirements = exported(uv, requirements, scratch / "requirements.txt")
    new = scratch / "environment"
    run(uv, requirements, "venv", "--no-project", "--relocatable", "--python", python, str(new))
    wanted = ("--no-build", "--no-sources", "--python", str(new / "bin/python"), "--requirements", str(requirements))
    run(uv, requirements, "pip", "install", *wanted)
    (new / "complete").touch()
    if environment.exists():  # damaged from outside
        environment.rename(scratch / "damaged")
    new.rename(environment)


def exported(uv: UV, lock: Path, place: Path) -> Path:
    """What a uv.lock names, as requirements with hashes."""
    only = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--output-file", str(place))
    run(uv, lock, "export", "--project", str(lock.parent), *only)
    # Its paths are relative to the lock, and uv reads them as relative to the file that they stand in.
    text = re.sub(r"(?m)^(?=\.{1,2}/)", lambda _: f"{lock.parent}/", place.read_text(encoding="utf-8"))
    place.write_text(text, encoding="utf-8")
    for _, line in editable_lines(place):
        raise InstallError(f"{lock} installs {line!r}, whose code would run to build it: name a wheel.", WRONG_INPUT)
    return place


def run(uv: UV, requirements: Path, *arguments: str) -> None:
    """Runs uv beside the requirements, whose relative paths are meant from there."""
    fixed = {"UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1", "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    if not os.environ.get("HOME"):
        fixed["UV_NO_CACHE"] = "1"
    try:
        call([uv.program, arguments[0], "--quiet", *arguments[1:]], {**fixed, **uv.settings}, "uv", requirements.parent)
    except InstallError as error:
        users = any(one in str(error) for one in THE_USERS)
        raise InstallError(str(error), WRONG_INPUT if users else OUTSIDE_FAILED) from None


def fingerprint(requirements: Path, python: str) -> str:
    """What an environment depends on: its requirements with what they include, the interpreter and the platform."""
    platform = getattr(sys.implementation, "_multiarch", sys.platform)  # tells glibc from musl
    digest = hashlib.sha256(repr((requirements.name, python, platform, os.uname().machine)).encode())
    for file in with_included(requirements):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def editable_lines(requirements: Path) -> Iterator[tuple[Path, str]]:
    """uv builds these even where it is told to build nothing."""
    for file in with_included(requirements):
        for line in file.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s*(-e|--editable)\b", line) or (file.suffix == ".toml" and re.search(r"editable *=", line)):
                yield file, line.strip()


def with_included(requirements: Path) -> Iterator[Path]:
    """A file, and those that its `-r` and `-c` lines name."""
    found, left = set(), [requirements]
    while left:
        file = left.pop()
        if file not in found and file.is_file():
            found.add(file)
            yield file
            if file.suffix != ".toml":
                names = re.findall(
                    r"(?m)^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)", file.read_text(encoding="utf-8")
                )
                left += [file.parent / name for name in names]


if __name__ == "__main__":
    sys.exit(main())
