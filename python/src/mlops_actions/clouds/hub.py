"""The Hugging Face Hub's REST interface: repositories of models, their revisions, and files too large for git."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from mlops_actions.ci.credentials import secret, server
from mlops_actions.clouds.http import TIMEOUT, Again, patiently, reaching, shares_origin
from mlops_actions.errors import InputError, MlopsError, OutsideError

if TYPE_CHECKING:
    import requests

ENDPOINT, TOKEN = "HF_ENDPOINT", "HF_TOKEN"
"""The variables that the Hub's own client reads."""
_LFS = {"Accept": "application/vnd.git-lfs+json", "Content-Type": "application/vnd.git-lfs+json"}
_SAMPLE = 512
"""Bytes by which the Hub tells text from the rest."""
_BLOCK = 8 << 20
_WORDS = 300


class NotThereError(OutsideError):
    """The Hub has no such repository, revision or file, or does not show it to us."""


class AlreadyThereError(OutsideError):
    """There is one of that name."""


class MovedOnError(OutsideError):
    """The revision has moved on from the commit that a change was made for."""


class Hub:
    """One endpoint; the session keeps its connection open."""

    def __init__(self) -> None:
        self.endpoint = server(ENDPOINT, "https://huggingface.co", f"Set {TOKEN} from a secret.")
        self._session: requests.Session | None = None

    def models(self, owner: str) -> Iterator[str]:
        """The repositories of models of an owner, over all pages."""
        url = f"{self.endpoint}/api/models?author={quote(owner, safe='')}&limit=500"
        return (one["id"] for one in self._pages(url, f"list the models of {owner!r}"))

    def create(self, repository: str) -> None:
        """Make a private repository. AlreadyThereError where there is one."""
        owner, _, name = repository.partition("/")
        body = {"organization": owner, "name": name, "type": "model", "private": True}
        self._ask("POST", f"{self.endpoint}/api/repos/create", f"make repositories of {owner!r}", json=body)

    def head(self, repository: str) -> str:
        """The newest commit of `main`."""
        return str(self._json("GET", f"{self._api(repository)}/revision/main", f"read {repository!r}")["sha"])

    def refs(self, repository: str) -> tuple[dict[str, str], dict[str, str]]:
        """Branches and tags, each with its commit."""
        found = self._json("GET", f"{self._api(repository)}/refs", f"read {repository!r}")
        branches, tags = ({one["name"]: one["targetCommit"] for one in found[kind]} for kind in ("branches", "tags"))
        return branches, tags

    def files(self, repository: str, revision: str) -> dict[str, str]:
        """The files at the top of a revision, with the SHA-256 of large ones and git's own digest of the others."""
        url = f"{self._api(repository)}/tree/{quote(revision, safe='')}"
        found = self._pages(url, f"read {repository!r}")
        return {one["path"]: one.get("lfs", one)["oid"] for one in found if one["type"] == "file"}

    def read(self, repository: str, revision: str, path: str) -> bytes:
        """A small file."""
        return self._ask("GET", self._file(repository, revision, path), f"read {repository!r}").content

    def blocks(self, repository: str, revision: str, path: str) -> Iterator[bytes]:
        """A file of any size."""
        right = f"read {repository!r}"
        with self._ask("GET", self._file(repository, revision, path), right, stream=True) as answer:
            try:
                yield from answer.iter_content(_BLOCK)
            except OSError:  # requests' errors are of this kind
                raise OutsideError(f"the Hub's answer with {path!r} was cut off.", hint="Run it again.") from None

    def branch(self, repository: str, name: str, start: str) -> None:
        """Make a branch at a revision. AlreadyThereError where there is one."""
        url = f"{self._api(repository)}/branch/{quote(name, safe='')}"
        self._ask("POST", url, f"write to {repository!r}", json={"startingPoint": start})

    def tag(self, repository: str, name: str, revision: str) -> None:
        """Make a tag at a revision. AlreadyThereError where there is one."""
        url = f"{self._api(repository)}/tag/{quote(revision, safe='')}"
        self._ask("POST", url, f"write to {repository!r}", json={"tag": name})

    def commit(
        self, repository: str, branch: str, parent: str, summary: str, operations: Sequence[Mapping[str, Any]]
    ) -> str:
        """Change files of a branch; returns the commit. MovedOnError where the branch is not at `parent` any more."""
        header = {"key": "header", "value": {"summary": summary, "description": "", "parentCommit": parent}}
        url = f"{self._api(repository)}/commit/{quote(branch, safe='')}"
        body = "".join(f"{json.dumps(one)}\n" for one in (header, *operations))
        answer = self._ask(
            "POST",
            url,
            f"write to {repository!r}",
            data=body.encode(),
            headers={"Content-Type": "application/x-ndjson"},
        )
        return str(answer.json()["commitOid"])

    def is_large(self, repository: str, path: str, file: Path) -> bool:
        """Whether the Hub wants a file of that name and content beside git."""
        with file.open("rb") as stream:
            sample = base64.b64encode(stream.read(_SAMPLE)).decode()
        body = {"files": [{"path": path, "sample": sample, "size": file.stat().st_size}]}
        found = self._json("POST", f"{self._api(repository)}/preupload/main", f"write to {repository!r}", json=body)
        return bool(found["files"][0]["uploadMode"] == "lfs")

    def upload(self, repository: str, file: Path, sha256: str) -> None:
        """Bring a large file there, where it is not yet; no revision has it before a commit."""
        wanted = {"oid": sha256, "size": file.stat().st_size}
        body = {"operation": "upload", "transfers": ["basic", "multipart"], "objects": [wanted], "hash_algo": "sha256"}
        url = f"{self.endpoint}/{repository}.git/info/lfs/objects/batch"
        found = self._json("POST", url, f"write to {repository!r}", data=json.dumps(body).encode(), headers=_LFS)
        one = found["objects"][0]
        if "error" in one:
            raise InputError(
                f"the Hub does not take the model {sha256[:12]} of {wanted['size']} bytes: "
                f"{str(one['error'].get('message', ''))[:_WORDS].rstrip('.')}.",
            )
        actions = one.get("actions")
        if not actions:  # it is there
            return
        self._put(actions["upload"], file, sha256, f"write to {repository!r}")
        if verify := actions.get("verify"):
            self._ask("POST", verify["href"], f"write to {repository!r}", json=wanted)

    def _put(self, action: Mapping[str, Any], file: Path, sha256: str, right: str) -> None:
        """In one part, or in as many as there are addresses."""
        header = action.get("header", {})
        if "chunk_size" not in header:
            self._ask("PUT", action["href"], right, content=lambda: file.open("rb"))
            return
        size = int(header["chunk_size"])
        parts = []
        for number in sorted(int(key) for key in header if key.isdigit()):
            url = next(str(value) for key, value in header.items() if key.isdigit() and int(key) == number)
            answer = self._ask("PUT", url, right, content=lambda at=(number - 1) * size: _part(file, at, size))
            parts.append({"partNumber": number, "etag": answer.headers["ETag"]})
        body = json.dumps({"oid": sha256, "parts": parts}).encode()
        self._ask("POST", action["href"], right, data=body, headers=_LFS)

    def _api(self, repository: str) -> str:
        return f"{self.endpoint}/api/models/{repository}"

    def _file(self, repository: str, revision: str, path: str) -> str:
        return f"{self.endpoint}/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"

    def _pages(self, url: str, right: str) -> Iterator[dict[str, Any]]:
        following: str | None = url
        while following:
            answer = self._ask("GET", following, right)
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")
            following = urljoin(url, following) if following else None

    def _json(self, method: str, url: str, right: str, **given: Any) -> dict[str, Any]:
        found = self._ask(method, url, right, **given).json()
        if isinstance(found, dict):
            return found
        raise OutsideError(f"{self.endpoint!r} does not answer as the Hub does.", hint=f"Check {ENDPOINT}.")

    def _ask(self, method: str, url: str, right: str, **given: Any) -> requests.Response:
        return patiently(f"the Hub at {self.endpoint!r}", lambda: self._attempt(method, url, right, **given))

    def _attempt(
        self, method: str, url: str, right: str, content: Callable[[], IO[bytes]] = BytesIO, **given: Any
    ) -> requests.Response:
        import requests

        self._session = self._session or requests.Session()
        with content() as stream, reaching(f"the Hub at {self.endpoint!r}"):
            given = {"data": stream if content is not BytesIO else None, **given}
            answer = self._session.request(method, url, auth=self._auth, timeout=TIMEOUT, **given)
        if not answer.ok:
            with answer:
                raise self._failure(answer, right)
        if "api" in urlsplit(url).path.split("/") and "json" not in answer.headers.get("Content-Type", ""):
            raise OutsideError(f"{self.endpoint!r} does not answer as the Hub does.", hint=f"Check {ENDPOINT}.")
        return answer

    def _auth(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Our token, to the Hub and nobody else; given always, since ~/.netrc would be read without one."""
        token = secret(TOKEN)
        if token and shares_origin(request.url, self.endpoint):
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    def _failure(self, answer: requests.Response, right: str) -> MlopsError | Again:
        """What an answer other than 2xx means."""
        status, code = answer.status_code, answer.headers.get("X-Error-Code", "")
        words = answer.headers.get("X-Error-Message", "")[:_WORDS].rstrip(".")
        if status == 429 or status >= 500:
            return Again(f"status {status}{f', {words}' if words else ''}", answer.headers.get("Retry-After"))
        if status == 412:
            return MovedOnError(f"the Hub refused to {right}: it has moved on meanwhile.")
        if status == 409:
            return AlreadyThereError(f"the Hub has it already: {words}.")
        if status == 404 or (status == 401 and code == "RepoNotFound"):
            hint = "" if secret(TOKEN) else f" Without {TOKEN} nothing private is shown."
            return NotThereError(f"the Hub has nothing there, so we cannot {right}.", hint=f"Check its owner.{hint}")
        if status == 401:
            if secret(TOKEN):
                return InputError(
                    f"the Hub does not accept the token of {TOKEN} (status 401), so we cannot {right}.",
                    hint="It is expired or revoked: make a new one, at huggingface.co/settings/tokens.",
                )
            return InputError(
                f"the Hub wants to know who asks (status 401) before we may {right}.",
                hint=f"Set {TOKEN} from a secret.",
            )
        if status == 403:
            return InputError(
                f"the Hub does not allow {f'the token of {TOKEN}' if secret(TOKEN) else 'us'} to {right} (status 403).",
                hint="Give it that right: a fine-grained token has them by owner and repository.",
            )
        return OutsideError(f"the Hub refused to {right} (status {status}): {words or 'no reason given'}.")


def _part(file: Path, start: int, size: int) -> IO[bytes]:
    with file.open("rb") as stream:
        stream.seek(start)
        return BytesIO(stream.read(size))
