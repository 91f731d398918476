"""A stand-in of the Hugging Face Hub: repositories with revisions, branches and tags, and files beside git.

The Hub's own client speaks to it in tests/clouds/test_hub_client.py, so that it cannot drift towards us.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

GOOD, READER, EXPIRED = "hf_writer", "hf_reader", "hf_expired"
"""Tokens: one that may write to `acme`, one that may only read, and one that the Hub does not know any more."""
OWNER = "acme"
LARGE = (".joblib", ".folder", ".bin", ".safetensors", ".onnx")
LIMIT = 1_000_000
"""Bytes of the largest file that it takes."""
PART = 65_536
"""Files larger than that go up in parts of that size."""


@dataclass
class Repository:
    """Revisions are commits; each holds its files whole."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploaded: dict[str, bytes] = field(default_factory=dict)
    """Large files by SHA-256, with or without a commit."""
    large: set[str] = field(default_factory=set)
    """Names of files that are beside git."""
    before: str = ""
    """The newest commit of `main` that was shown before the last one."""

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        """A new commit on a branch."""
        listed = sorted((path, hashlib.sha1(content).hexdigest()) for path, content in files.items())
        sha = hashlib.sha1(f"{self.branches.get(branch)}{listed}".encode()).hexdigest()
        self.commits[sha] = files
        if branch == "main":
            self.before = self.branches.get("main", "")
        self.branches[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        """The commit of a branch, tag or commit."""
        found = self.branches.get(revision) or self.tags.get(revision) or revision
        return found if found in self.commits else None


class HubFake:
    """The server and its state."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.orders: list[tuple[str, int]] = []
        """Pattern of "METHOD path" → status of the next answer to one; 0 does what was asked and loses the answer."""
        self.lagging = 0
        """For how many questions the newest commit of `main` is not shown."""
        self.retry_after = "0"
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.storage = f"{self.address}/storage"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()

    def order(self, pattern: str, status: int, times: int = 1) -> None:
        """Answer the next requests that match with a status."""
        self.orders.extend([(pattern, status)] * times)

    def ordered(self, request: str) -> int | None:
        """The status that a request is to meet."""
        for number, (pattern, status) in enumerate(self.orders):
            if re.search(pattern, request):
                del self.orders[number]
                return status
        return None


class Refused(Exception):  # noqa: N818  an answer
    """An answer other than 2xx."""

    def __init__(self, status: int, code: str = "", message: str = "", url: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.url = status, code, message, url


Answer = tuple[int, Any, dict[str, str]]


def answer(fake: HubFake, method: str, url: str, headers: Any, body: bytes) -> Answer:
    """What the Hub answers: status, content, headers."""
    path, query = unquote(urlsplit(url).path), parse_qs(urlsplit(url).query)
    if match := re.fullmatch(r"/storage/(\S+?)/([0-9a-f]{64})(?:/(\d+))?", path):
        return _stored(fake, match, method, body)
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in ("", GOOD, READER):
        raise Refused(401, "", "Invalid credentials in Authorization header")
    if path == "/api/models":
        return _listed(fake, query)
    if path == "/api/repos/create":
        return _created(fake, token, json.loads(body))
    if re.fullmatch(r"/api/models/[^/]+/[^/]+", path):
        path += "/revision/main"
    match = re.fullmatch(r"/(?:api/models/)?([^/]+/[^/]+?)(?:\.git)?/([a-z]+)(?:/(.*))?", path)
    repository = fake.repositories.get(match[1]) if match else None
    if match is None or repository is None or not token:
        raise Refused(404 if token else 401, "RepoNotFound", "Repository not found")
    if method not in ("GET", "HEAD") and token != GOOD and match[2] != "info":
        raise Refused(403, "", "You don't have the rights")
    return _of_repository(fake, repository, match[1], match[2], match[3] or "", body)


def _of_repository(fake: HubFake, found: Repository, name: str, what: str, rest: str, body: bytes) -> Answer:
    given = json.loads(body) if body and what in ("preupload", "branch", "tag", "info", "verify") else {}
    if what == "refs":
        kinds = {"branches": found.branches, "tags": found.tags}
        refs = {
            k: [{"name": n, "ref": f"refs/{k}/{n}", "targetCommit": c} for n, c in v.items()] for k, v in kinds.items()
        }
        return 200, refs | {"converts": []}, {}
    if what == "preupload":
        modes = {one["path"]: "lfs" if one["path"].endswith(LARGE) else "regular" for one in given["files"]}
        wanted = [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]
        return 200, {"files": wanted}, {}
    if what == "commit":
        return _committed(fake, found, name, rest, [json.loads(line) for line in body.decode().splitlines()])
    if what == "info":
        return 200, {"transfer": "basic", "objects": [_wanted(fake, found, name, one) for one in given["objects"]]}, {}
    if what == "verify":
        if len(found.uploaded.get(given["oid"], b"")) != given["size"]:
            raise Refused(404, "", "The file is not there")
        return 200, {}, {}
    if what == "branch":
        return _named(found.branches, rest, found.find(given.get("startingPoint", "main")))
    if what == "tag":
        return _named(found.tags, given["tag"], found.find(rest))
    if what == "revision":
        sha = found.find(rest)
        if rest == "main" and fake.lagging and found.before:
            fake.lagging, sha = fake.lagging - 1, found.before
        if sha is None:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {rest}")
        siblings = [{"rfilename": path} for path in found.commits[sha]]
        return 200, {"_id": "1", "id": name, "sha": sha, "private": True, "tags": [], "siblings": siblings}, {}
    revision, _, path = rest.partition("/")
    commit = found.find(revision)
    if commit is None:
        raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    files = found.commits[commit]
    if what == "tree":
        return 200, [_entry(found, path, content) for path, content in files.items()], {}
    if what == "resolve" and path in files:
        entry = _entry(found, path, files[path])
        headers = {"X-Repo-Commit": commit, "ETag": f'"{entry.get("lfs", entry)["oid"]}"'}
        return 200, files[path], headers
    raise Refused(404, "EntryNotFound", "Entry not found")


def _entry(found: Repository, path: str, content: bytes) -> dict[str, Any]:
    oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": oid}
    if path in found.large:
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


def _committed(fake: HubFake, found: Repository, name: str, branch: str, lines: list[dict[str, Any]]) -> Answer:
    if branch not in found.branches:
        raise Refused(404, "RevisionNotFound", f"Invalid rev id: {branch}")
    header = next(line["value"] for line in lines if line["key"] == "header")
    if header.get("parentCommit", found.branches[branch]) != found.branches[branch]:
        raise Refused(412, "", "A commit has happened since. Please refresh and try again.")
    files = dict(found.commits[found.branches[branch]])
    for value in (line["value"] for line in lines if line["key"] == "file"):
        files[value["path"]] = base64.b64decode(value["content"])
        found.large.discard(value["path"])
    for value in (line["value"] for line in lines if line["key"] == "lfsFile"):
        if value["oid"] not in found.uploaded:
            raise Refused(400, "", f"LFS pointer pointed to a file that does not exist: {value['path']}")
        files[value["path"]] = found.uploaded[value["oid"]]
        found.large.add(value["path"])
    for value in (line["value"] for line in lines if line["key"] == "deletedFile"):
        if files.pop(value["path"], None) is None:
            raise Refused(400, "", f"A file with the name {value['path']} does not exist")
    sha = found.commit(branch, files)
    told = {"commitOid": sha, "commitUrl": f"{fake.address}/{name}/commit/{sha}", "success": True}
    return 200, told | {"pullRequestUrl": None}, {}


def _named(names: dict[str, str], name: str, commit: str | None) -> Answer:
    if name in names:
        raise Refused(409, "", f"Reference exists already: {name}")
    if commit is None:
        raise Refused(404, "RevisionNotFound", "Invalid rev id")
    names[name] = commit
    return 200, {}, {}


def _wanted(fake: HubFake, found: Repository, name: str, one: dict[str, Any]) -> dict[str, Any]:
    if one["size"] > LIMIT:
        return one | {"error": {"code": 422, "message": f"File is larger than the limit of {LIMIT} bytes"}}
    if one["oid"] in found.uploaded:
        return one
    storage = f"{fake.storage}/{name}/{one['oid']}"
    verify = {"href": f"{fake.address}/{name}.git/verify"}
    if one["size"] <= PART:
        return one | {"actions": {"upload": {"href": storage}, "verify": verify}}
    parts = range(1, -(-one["size"] // PART) + 1)
    header = {str(number): f"{storage}/{number}" for number in parts} | {"chunk_size": str(PART)}
    return one | {"actions": {"upload": {"href": storage, "header": header}}}


def _stored(fake: HubFake, match: re.Match[str], method: str, body: bytes) -> Answer:
    """The storage beside the Hub: whole files, parts, and the completion of parts."""
    found, oid, part = fake.repositories[match[1]], match[2], match[3]
    if part:
        found.uploaded[f"{oid}/{part}"] = body
        return 200, b"", {"ETag": f'"{part}"'}
    if method == "POST":
        numbers = [one["partNumber"] for one in json.loads(body)["parts"]]
        body = b"".join(found.uploaded.pop(f"{oid}/{number}") for number in numbers)
    if hashlib.sha256(body).hexdigest() != oid:
        raise Refused(400, "", "The content has another SHA-256")
    found.uploaded[oid] = body
    return 200, b"", {}


def _listed(fake: HubFake, query: dict[str, list[str]]) -> Answer:
    """Two a page."""
    owner, start = query.get("author", [""])[0], int(query.get("start", ["0"])[0])
    names = sorted(name for name in fake.repositories if name.startswith(f"{owner}/"))
    following = f"{fake.address}/api/models?author={owner}&start={start + 2}"
    headers = {"Link": f'<{following}>; rel="next"'} if names[start + 2 :] else {}
    return 200, [{"_id": name, "id": name, "private": True, "tags": []} for name in names[start : start + 2]], headers


def _created(fake: HubFake, token: str, given: dict[str, Any]) -> Answer:
    if token != GOOD or given.get("organization") != OWNER:
        raise Refused(
            403, "", f"You don't have the rights to create a model under the namespace {given['organization']}"
        )
    name = f"{OWNER}/{given['name']}"
    if name in fake.repositories:
        raise Refused(409, "", "You already created this model repo", f"{fake.address}/{name}")
    fake.repositories[name] = Repository()
    fake.repositories[name].commit("main", {".gitattributes": b"*.joblib filter=lfs\n"})
    return 200, {"url": f"{fake.address}/{name}", "name": name, "id": name}, {}


def _handler(fake: HubFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = f"{self.command} {self.path}"
            with fake.lock:
                fake.requests.append(request)
                ordered = fake.ordered(request)
                if ordered:
                    self._send(ordered, {"error": "ordered"}, {"Retry-After": fake.retry_after})
                    return
                try:
                    found = answer(fake, self.command, self.path, self.headers, body)
                except Refused as refused:
                    headers = {"X-Error-Code": refused.code, "X-Error-Message": refused.message}
                    found = refused.status, {"error": refused.message, "url": refused.url}, headers
            self._send(*((500, {"error": "lost"}, {}) if ordered == 0 else found))

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  the names that http.server calls

        def _send(self, status: int, content: Any, headers: dict[str, str]) -> None:
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            kind = "application/octet-stream" if isinstance(content, bytes) else "application/json"
            self.send_response_only(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(raw)

    return Handler
