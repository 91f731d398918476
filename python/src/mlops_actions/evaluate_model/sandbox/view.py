"""Which of this machine's files a strict sandbox shows: the interpreter, its packages and the system's libraries.

Everything else is out of reach by not being there: the workspace with its labels and the token of a checkout, homes,
temporary folders, credentials, and sockets of services.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
    "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/nsswitch.conf",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
    # Numerical libraries count processors there.
    "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip
_PARTS = ("bin", "include", "lib", "lib32", "lib64", "libexec", "share", "pyvenv.cfg")
"""What an installation consists of; a virtual environment may have been made in the workspace itself."""
_MOST_LINKS = 40


@dataclass(frozen=True)
class Entry:
    """One thing that the sandbox's root is made of."""

    kind: Literal["show", "link", "cover"]
    """A file or folder shown read-only, a link on the way to one, or an empty folder over what must not be seen."""
    path: str
    target: str = ""
    """Of a link."""


def view_of(interpreter: Interpreter, private: Iterable[Path]) -> list[Entry]:
    """What to show, outer folders first; of `private` folders only what the interpreter needs."""
    hidden = {os.path.realpath(path) for path in private} - {"/"}
    wanted = [*_SYSTEM, interpreter.executable]
    wanted += [f"{prefix}/{part}" for prefix in interpreter.prefixes for part in _PARTS]
    # Folders of editable installs, but not a workspace that is its own package.
    wanted += [path for path in interpreter.search_path if path and not _holds(os.path.realpath(path), hidden)]
    found = {entry for path in wanted for entry in _way_to(path)}
    found |= {Entry("cover", path) for path in hidden}
    return list(_needed(sorted(found, key=lambda one: (len(Path(one.path).parts), one.path, one.kind))))


def private_folders() -> list[Path]:
    """Homes and the workspace, wherever it was entered."""
    here = Path.cwd()
    checkouts = [folder for folder in (here, *here.parents) if (folder / ".git").exists()]
    return [Path.home(), here, *checkouts]


def _holds(path: str, hidden: set[str]) -> bool:
    return any(one == path or one.startswith(path.rstrip("/") + "/") for one in hidden)


def _way_to(path: str) -> Iterator[Entry]:
    """Every link on the way to a path, and what really lies at its end, if anything does."""
    place, left, links = Path("/"), list(Path(path).parts[1:]), 0
    while left and links < _MOST_LINKS:
        part = left.pop(0)
        here = place / part
        if part == "..":
            place = place.parent
        elif here.is_symlink():
            target = here.readlink()
            yield Entry("link", str(here), str(target))
            links += 1
            place = Path("/") if target.is_absolute() else place
            left = [one for one in target.parts if one != "/"] + left
        else:
            place = here
    if os.access(place, os.R_OK):
        yield Entry("show", str(place))


def _needed(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Without what its closest folder shows already, and covers over what is not shown at all."""
    kinds: dict[str, str] = {}
    for entry in entries:
        around = next((kinds[str(one)] for one in Path(entry.path).parents if str(one) in kinds), "cover")
        if entry.kind == "link":
            if around == "cover":
                yield entry
            continue
        if entry.path not in kinds and entry.kind != around:
            kinds[entry.path] = entry.kind
            yield entry
