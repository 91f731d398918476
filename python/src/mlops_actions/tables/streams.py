"""Data that comes as one stream of bytes, from a web server or standard input, kept in a file of this machine."""

from __future__ import annotations

import bz2
import gzip
import re
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.tables.files import format_of

_BLOCK = 1 << 20
_TIMEOUT = (10, 60)
_REFUSED = {
    401: "asks for credentials",
    403: "refuses access",
    404: "has no such file",
    410: "has no such file any more",
}


def save_input(stream: IO[bytes], folder: Path) -> Path:
    """What stands on a stream, in a file whose name says its format; InputError where there is nothing."""
    path = folder / "input"
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file, _BLOCK)
    if not path.stat().st_size:
        raise InputError("standard input is empty.", where="data", hint="Pipe the data into the action.")
    return path.rename(folder / f"input{ending(path)}")


def download(url: str, folder: Path) -> Path:
    """A file from a web server; its name says its format.

    Raises InputError where the server has it not for us, OutsideError where it cannot be reached or breaks off.
    """
    import requests
    from urllib3.exceptions import HTTPError

    name = PurePosixPath(unquote(urlsplit(url).path)).name
    shown = shown_url(url)
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code in _REFUSED:
                raise InputError(f"the server {_REFUSED[answer.status_code]} ({answer.status_code}).", where=shown)
            answer.raise_for_status()
            # a packed file must not be unpacked on the way, since its name says that it is packed
            packed = name.lower().endswith((".gz", ".zst"))
            _write(answer.raw.stream(_BLOCK, decode_content=not packed), folder / "download")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise OutsideError(f"cannot be read: {_short(error)}.", where=shown, hint="Run it again.") from None
    path = folder / "download"
    return path.rename(folder / (name if format_of(name) else f"download{ending(path)}"))


def shown_url(url: str) -> str:
    """A URL without its query, which may hold a signature.

    >>> shown_url("https://data.example/a.csv?X-Amz-Signature=abc")
    'https://data.example/a.csv'
    """
    return url.partition("?")[0].partition("#")[0]


def ending(path: Path) -> str:
    """What a file's name should end with, by its first bytes; InputError for none of ours."""
    with path.open("rb") as file:
        start = file.read(64 << 10)
    packing = next((name for name, magic in _PACKINGS.items() if start.startswith(magic)), "")
    found = next((name for name, magic in _FORMATS.items() if start.startswith(magic)), None)
    if found is None:
        text = _unpacked_start(start, packing)
        found = ".json" if re.match(rb"\s*\[", text) else ".jsonl" if re.match(rb"\s*\{", text) else ".csv"
    return found + packing


_PACKINGS = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".zst": b"\x28\xb5\x2f\xfd"}
_FORMATS = {".parquet": b"PAR1", ".arrow": b"ARROW1"}


def _unpacked_start(start: bytes, packing: str) -> bytes:
    """The first bytes of packed text; what cannot be unpacked is refused when it is read."""
    try:
        match packing:
            case ".gz":
                return gzip.zlib.decompressobj(31).decompress(start)  # type: ignore[attr-defined, no-any-return]
            case ".bz2":
                return bz2.BZ2Decompressor().decompress(start)
            case _:
                return start
    except (OSError, ValueError):
        return start


def _write(blocks: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        for block in blocks:
            file.write(block)


def _short(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(".")
    return words if len(words) <= 300 else f"{words[:300]}…"
