"""Objects in buckets: found by a path, a folder or a pattern, and fetched to this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.digests import digest_bytes
from mlops_actions.tables.files import SUPPORTED, fixed_part, is_data
from mlops_actions.tables.identity import Identity

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore, RetryConfig

SCHEMES = ("s3", "gs", "az")
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
_PART = 32 << 20
_AT_ONCE = 8
_CREDENTIALS = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a public bucket.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS, or GOOGLE_SKIP_SIGNATURE=true for a public bucket.",
    "az": "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or another credential.",
}
_NO_CREDENTIALS = re.compile(
    r"169\.254\.169\.254|metadata\.google|Missing(AccessKeyId|SecretAccessKey|Account)|CredentialsNot"
)


@dataclass(frozen=True)
class Object:
    """One object of a bucket, as it was listed."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class Objects:
    """The objects that a location names."""

    bucket: Bucket
    root: str
    """The folder that they are found below."""
    listed: tuple[Object, ...]
    """Sorted by key, never empty."""

    @property
    def size(self) -> int:
        """In bytes, all together."""
        return sum(one.size for one in self.listed)

    @property
    def identity(self) -> Identity:
        """What the bucket says of them: it changes with the bytes, but others cannot recompute it from them."""
        lines = (f"{one.etag} {one.size} {PurePosixPath(one.key).relative_to(self.root)}\n" for one in self.listed)
        return Identity(digest_bytes("".join(lines).encode()), "etag+size")

    def fetch(self, folder: Path) -> list[Path]:
        """Copies in a folder, at the same places below it."""
        paths = [folder / PurePosixPath(one.key).relative_to(self.root) for one in self.listed]
        parts = []
        for one, path in zip(self.listed, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            parts += [(one, path, start) for start in range(0, one.size, _PART)]
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as several:
            list(several.map(lambda part: self.bucket.fetch(*part), parts))
        return paths


@dataclass(frozen=True)
class Bucket:
    """A bucket, or a container of Azure."""

    location: str
    """As the user wrote it; the bucket and a key, a folder or a pattern."""

    @property
    def scheme(self) -> str:
        """`s3`, `gs` or `az`."""
        return self.location.partition("://")[0].lower()

    @property
    def url(self) -> str:
        """Of the bucket alone, with a slash behind it."""
        return f"{self.scheme}://{self.location.partition('://')[2].partition('/')[0]}/"

    @property
    def key(self) -> str:
        """What the location names in it."""
        return self.location.partition("://")[2].partition("/")[2].strip("/")

    def find(self) -> Objects:
        """The objects that the location names; InputError where there are none."""
        if self.url.endswith(":///"):
            raise InputError(f"the data {self.location!r} names no bucket.", hint=f"Write {self.scheme}://bucket/path.")
        if has_magic(self.key):
            root, matching = fixed_part(self.key), pattern(self.key)
            found = [one for one in self.below(root) if matching.fullmatch(one.key)]
            if not found:
                raise InputError(f"no object matches the pattern {self.location!r}.", hint="Check the path.")
            return Objects(self, root, tuple(found))
        if one := self.head(self.key):
            return Objects(self, str(PurePosixPath(self.key).parent), (one,))
        there = self.below(self.key)
        found = [one for one in there if is_data(PurePosixPath(one.key).relative_to(self.key))]
        if found:
            return Objects(self, self.key, tuple(found))
        what = "holds no data file" if there else "does not exist"
        raise InputError(f"the data {self.location!r} {what}.", hint=SUPPORTED if there else "Check the path.")

    def head(self, key: str) -> Object | None:
        """One object, None where there is none."""
        import obstore

        with self._failing():
            try:
                found = obstore.head(self._store, key) if key else None
            except FileNotFoundError:
                return None
        return Object(key, found["size"], found["e_tag"] or "") if found else None

    def below(self, folder: str) -> list[Object]:
        """All objects below a folder, sorted by key."""
        import obstore

        with self._failing():
            found = [one for page in obstore.list(self._store, folder or None) for one in page]
        return sorted((Object(one["path"], one["size"], one["e_tag"] or "") for one in found), key=lambda one: one.key)

    def fetch(self, one: Object, path: Path, start: int) -> None:
        """Copy a part of an object, still the one that was listed, to the same place in a file."""
        import obstore

        options: GetOptions = {"range": (start, min(start + _PART, one.size))}
        if one.etag:
            options["if_match"] = one.etag
        with self._failing(), path.open("r+b") as file:
            content = obstore.get(self._store, one.key, options=options).bytes()
            file.seek(start)
            file.write(content)

    @cached_property
    def _store(self) -> ObjectStore:
        from obstore.store import from_url

        with self._failing():
            return from_url(self.url, retry_config=_RETRIES)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise InputError(f"the data {self.location!r} does not exist.", hint="Check the bucket's name.") from None
        except Exception as error:
            if not (isinstance(error, OSError) or type(error).__module__.startswith("obstore")):
                raise
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> InputError | OutsideError:
        text = str(error)
        if _NO_CREDENTIALS.search(text):
            return InputError(f"no credentials for {self.url} were found.", hint=_CREDENTIALS[self.scheme])
        if re.search("NoSuchBucket|ContainerNotFound|bucket does not exist", text):
            return InputError(f"the data {self.location!r} does not exist.", hint="Check the bucket's name.")
        if type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError"):
            return InputError(f"the credentials may not read {self.location!r}.", hint=_CREDENTIALS[self.scheme])
        first = " ".join(text.split("\n\n")[0].split()).rstrip(".")[:300]
        return OutsideError(f"the data {self.location!r} cannot be read: {first}.", hint="Run it again.")


def pattern(location: str) -> re.Pattern[str]:
    """A glob as a regular expression: `*` and `?` within a folder, `**` over any number of them.

    >>> bool(pattern("a/**/p*.csv").fullmatch("a/b/c/p1.csv")), bool(pattern("a/*.csv").fullmatch("a/b/c.csv"))
    (True, False)
    """
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^\]]+\])", location)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part) or _literal_or_set(part) for part in parts), re.DOTALL)


def _literal_or_set(part: str) -> str:
    if part.startswith("[") and part.endswith("]"):
        return f"[^{part[2:-1]}]" if part.startswith("[!") else part
    return re.escape(part)
