"""Which format a model file has: its suffix says so, and its first bytes may not contradict it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.errors import InputError

_HEAD_BYTES = 64


@dataclass(frozen=True)
class Format:
    """One kind of file that the scorer loads."""

    module: str
    """Of the scorer's folder `formats`."""
    name: str
    """For people."""
    suffixes: tuple[str, ...]
    recognise: Callable[[Path], bool]
    """Whether a file is surely of this kind, by its content."""


@dataclass(frozen=True)
class Loading:
    """How the scorer loads a model."""

    module: str
    """Of the scorer's folder `formats`."""
    file: str = ""
    """The model's file in its folder; empty where the model is what the path names."""
    code: str | None = None
    """A folder in the model's that its imports are looked for in."""
    python: str | None = None
    """The version of Python that made it, where that is known."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Package → the version that it was trained with, where nothing else checks it."""


def format_of(path: Path, name: str) -> Format:
    """The format of a model file; `name` is how messages call the model.

    Raises InputError where the format is not known, or where suffix and content contradict each other.
    """
    suffix = path.suffix.lower()
    by_suffix = next((one for one in FORMATS if suffix in one.suffixes), None)
    by_content = next((one for one in FORMATS if one.recognise(path)), None)
    if by_suffix and by_content and by_suffix is not by_content:
        raise InputError(
            f"the {name} {str(path)!r} is named as {by_suffix.name}, and holds {by_content.name}.",
            where=name,
            hint=f"Name it {path.with_suffix(by_content.suffixes[0]).name!r}.",
        )
    other = next((kind for kind, begin in _OTHERS if _head(path).startswith(begin)), None)
    found = None if other else by_suffix or by_content
    if found is None:
        known = ", ".join(suffix for one in FORMATS for suffix in one.suffixes)
        raise InputError(
            f"the {name} {str(path)!r} is {other or 'of no known format'}.",
            where=name,
            hint=f"Export it to ONNX. Known: {known}." if other else f"Known: {known}, or a folder of MLflow.",
        )
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)


def _is_pickle(path: Path) -> bool:
    """A pickle of protocol 2 to 5, or one that joblib compressed (zlib, gzip, bz2, xz, lz4)."""
    head = _head(path)
    plain = head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    zlib = head[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
    return plain or zlib or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x04\x22\x4d\x18"))


def _is_skops(path: Path) -> bool:
    if not _head(path).startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "schema.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _is_onnx(path: Path) -> bool:
    """A protocol buffer that begins with the version of its format, followed by one of its next fields."""
    head = _head(path)
    return len(head) > 2 and head[0] == 0x08 and 1 <= head[1] <= 64 and head[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A)


FORMATS = (
    Format("pickled", "a pickle", (".joblib", ".pkl", ".pickle", ".cloudpickle"), _is_pickle),
    Format("skops_archive", "a skops file", (".skops",), _is_skops),
    Format("onnx_graph", "an ONNX file", (".onnx",), _is_onnx),
)
"""A new format is one line here and one module of the scorer."""

_OTHERS = (
    ("a Keras or HDF5 file, which cannot be scored", b"\x89HDF"),
    ("a model of XGBoost's own format, which cannot be scored", b'{"learner"'),
    ("a model of LightGBM's own format, which cannot be scored", b"tree\nversion"),
    ("a model of CatBoost's own format, which cannot be scored", b"CBM1"),
)
"""What it is, and how such files begin."""
