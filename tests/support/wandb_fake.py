"""A stand-in of W&B's GraphQL server: projects, collections of artifacts, their aliases and files.

The vendor's own client speaks to it in tests/clouds/test_wandb_client.py, so that it cannot drift towards us.
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
from urllib.parse import unquote

from wandb_runs import WandbRuns

Json = dict[str, Any]
KEY, READER = "a" * 40, "b" * 40
"""Keys of somebody who may change the registry, and of somebody who may only read."""
REGISTRY, TRAINING = ("acme", "wandb-registry-model"), ("ml", "flights")
_TIME = "2026-01-01T00:00:00Z"
_PAGE = {"__typename": "PageInfo"}


@dataclass
class Artifact:
    """What training logged."""

    id: str
    files: dict[str, bytes]
    source: tuple[str, str, str]
    """Entity, project and collection that it was logged to."""
    index: int
    metadata: str = "{}"

    @property
    def digest(self) -> str:
        """Of its manifest, as W&B makes it."""
        whole = hashlib.md5(b"wandb-artifact-manifest-v1\n")
        for name, content in sorted(self.files.items()):
            whole.update(f"{name}:{base64.b64encode(hashlib.md5(content).digest()).decode()}\n".encode())
        return whole.hexdigest()


@dataclass
class Collection:
    """Versions in order, and aliases of some of them."""

    kind: str
    versions: list[str] = field(default_factory=list)
    aliases: dict[str, int] = field(default_factory=dict)


class WandbFake(WandbRuns):
    """The server and its state."""

    def __init__(self) -> None:
        self.artifacts: dict[str, Artifact] = {}
        self.collections: dict[tuple[str, str, str], Collection] = {}
        self.projects = {REGISTRY, TRAINING}
        super().__init__()
        self.orders: list[tuple[str, int]] = []
        """Operation → status of the next answer to one; 0 does what was asked and loses the answer."""
        self.operations: list[str] = []
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()

    def log(self, collection: str, **files: bytes) -> Artifact:
        """As `run.log_artifact` does; a dot in a file's name is written __."""
        with self.lock:
            place = (*TRAINING, collection)
            found = self.collections.setdefault(place, Collection("ArtifactSequence"))
            named = {name.replace("__", "."): content for name, content in files.items()}
            made = Artifact(f"ART{len(self.artifacts)}", named, place, len(found.versions))
            self.artifacts[made.id] = made
            found.versions.append(made.id)
            found.aliases["latest"] = made.index
            return made

    def order(self, operation: str, status: int, times: int = 1) -> None:
        """Answer the next calls of an operation so."""
        self.orders.extend([(operation, status)] * times)

    def registered(self, name: str) -> Collection:
        """A collection of the registry."""
        return self.collections[*REGISTRY, name]

    def answer(self, operation: str, given: Json, key: str) -> Json:
        """The data of an answer, or LookupError with the words of a refusal."""
        if operation in ("UpsertBucket", "CreateRunFiles"):
            if key != KEY:
                raise LookupError("permission denied")
            return dict(getattr(self, f"_{operation}")(given))
        if operation in ("LinkArtifact", "AddAliases", "DeleteAliases", "UpdateArtifact"):
            if key != KEY:
                raise LookupError("permission denied")
            return {"result": getattr(self, f"_{operation}")(given["input"])}
        return dict(getattr(self, f"_{operation}")(given))

    def _LinkArtifact(self, what: Json) -> Json:  # noqa: N802  the operation's name
        place = (what["entityName"], what["projectName"], what["artifactPortfolioName"])
        if place[:2] not in self.projects:
            raise LookupError("project not found")
        found = self.collections.setdefault(place, Collection("ArtifactPortfolio"))
        if what["artifactID"] not in found.versions:
            found.versions.append(what["artifactID"])
        index = found.versions.index(what["artifactID"])
        found.aliases |= {one["alias"]: index for one in what.get("aliases") or []}
        return {"versionIndex": index, "artifactMembership": self._membership(place, index)}

    def _AddAliases(self, what: Json) -> Json:  # noqa: N802
        for one in what["aliases"]:
            found = self.collections[one["entityName"], one["projectName"], one["artifactCollectionName"]]
            found.aliases[one["alias"]] = found.versions.index(what["artifactID"])
        return {"success": True}

    def _DeleteAliases(self, what: Json) -> Json:  # noqa: N802
        for one in what["aliases"]:
            found = self.collections[one["entityName"], one["projectName"], one["artifactCollectionName"]]
            found.aliases.pop(one["alias"], None)
        return {"success": True}

    def _UpdateArtifact(self, what: Json) -> Json:  # noqa: N802
        found = self.artifacts[what["artifactID"]]
        found.metadata = what.get("metadata") or found.metadata
        return {"artifact": self._artifact(found)}

    def _ProjectArtifactCollections(self, given: Json) -> Json:  # noqa: N802
        place = given["entity"], given["project"]
        if place not in self.projects:
            return {"project": None}
        names = [name for *project, name in sorted(self.collections) if tuple(project) == place]
        nodes = [{"__typename": self.collections[*place, name].kind, "name": name} for name in names]
        return {"project": {"artifactCollections": self._page(nodes, given)}}

    def _ProjectArtifacts(self, given: Json) -> Json:  # noqa: N802
        place = given["entity"], given["project"], given["collection"]
        if place[:2] not in self.projects:
            return {"project": None}
        found = self.collections.get(place)
        if found is None or given["type"] != "model":
            return {"project": {"artifactType": {"artifactCollection": None}}}
        edges = [
            {"version": f"v{n}", "node": self._artifact(self.artifacts[one])} for n, one in enumerate(found.versions)
        ]
        artifacts = self._page(edges, given, edges=True) | {"totalCount": len(edges)}
        return {"project": {"artifactType": {"artifactCollection": {"__typename": found.kind, "artifacts": artifacts}}}}

    def _ArtifactMembershipByName(self, given: Json) -> Json:  # noqa: N802
        name, _, alias = given["name"].partition(":")
        place = (given["entity"], given["project"], name)
        index = self._index(place, alias)
        return {"project": {"artifactCollectionMembership": None if index is None else self._membership(place, index)}}

    def _ArtifactMembershipFiles(self, given: Json) -> Json:  # noqa: N802
        place = given["entity"], given["project"], given["collection"]
        index = self._index(place, given["alias"])
        if index is None:
            return {"project": {"artifactCollection": None}}
        one = self.artifacts[self.collections[place].versions[index]]
        nodes = [
            {
                "__typename": "File", "id": name, "name": name, "url": self.url(one, name), "sizeBytes": len(content),
                "storagePath": name, "mimetype": None, "updatedAt": _TIME, "digest": None,
                "md5": base64.b64encode(hashlib.md5(content).digest()).decode(), "directUrl": self.url(one, name),
            }
            for name, content in one.files.items()
            if name in (given.get("fileNames") or one.files)
        ]  # fmt: skip
        files = self._page(nodes, given) | {"totalCount": len(nodes)}
        return {"project": {"artifactCollection": {"__typename": "x", "artifactMembership": {"files": files}}}}

    def _ServerFeaturesQuery(self, _: Json) -> Json:  # noqa: N802
        names = (
            "ARTIFACT_REGISTRY_SEARCH",
            "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
            "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
        )
        return {"serverInfo": {"features": [{"name": name, "isEnabled": True} for name in names]}}

    def _Viewer(self, _: Json) -> Json:  # noqa: N802
        user = {"__typename": "User", "id": "U1", "name": "u", "username": "u", "email": "u@x", "admin": False}
        teams = {"teams": {"edges": [{"node": {"name": "ml"}}]}, "apiKeys": {"edges": []}}
        return {"viewer": user | {"flags": "{}", "entity": "ml", "deletedAt": None} | teams}

    def _FetchOrgInfoFromEntity(self, _: Json) -> Json:  # noqa: N802
        entity = {"__typename": "Entity", "name": "acme", "id": "E1"}
        return {"entity": {"organization": {"orgEntity": entity, "name": "acme", "id": "O1"}, "user": None}}

    def url(self, artifact: Artifact, name: str) -> str:
        """Where a file is read."""
        return f"{self.address}/files/{artifact.id}/{name}"

    def _index(self, place: tuple[str, str, str], alias: str) -> int | None:
        found = self.collections.get(place)
        if found is None:
            return None
        index = int(alias[1:]) if re.fullmatch(r"v\d+", alias) else found.aliases.get(alias)
        return index if index is not None and index < len(found.versions) else None

    def _page(self, nodes: list[Json], given: Json, *, edges: bool = False) -> Json:
        """At most two, so that pages are turned."""
        start = int(given.get("cursor") or 0)
        end = start + 2
        shown = nodes[start:end] if edges else [{"node": one} for one in nodes[start:end]]
        return {"edges": shown, "pageInfo": _PAGE | {"endCursor": str(end), "hasNextPage": end < len(nodes)}}

    def _collection(self, place: tuple[str, str, str]) -> Json:
        entity, project, name = place
        of = {"id": f"E-{entity}", "name": entity, "__typename": "Entity"}
        internal = base64.b64encode(b"ProjectInternalId:1").decode()
        within = {"id": f"P-{project}", "internalId": internal, "name": project, "entity": of, "entityName": entity}
        return {"__typename": self.collections[place].kind, "id": f"C-{name}", "name": name, "project": within}

    def _aliases(self, place: tuple[str, str, str], index: int) -> list[Json]:
        here = {"__typename": "ArtifactAlias", "artifactCollection": self._collection(place)}
        names = [alias for alias, at in self.collections[place].aliases.items() if at == index]
        return [here | {"id": f"{place}{alias}", "alias": alias} for alias in names]

    def _artifact(self, one: Artifact) -> Json:
        aliases = [
            alias
            for place, found in self.collections.items()
            if one.id in found.versions
            for alias in self._aliases(place, found.versions.index(one.id))
        ]
        return {
            "__typename": "Artifact", "id": one.id, "artifactSequence": self._collection(one.source),
            "versionIndex": one.index, "artifactType": {"name": "model"}, "description": None,
            "metadata": one.metadata, "ttlDurationSeconds": -1, "ttlIsInherited": False, "tags": [],
            "historyStep": None, "state": "COMMITTED", "size": sum(map(len, one.files.values())),
            "digest": one.digest, "digestAlgorithm": "MANIFEST_MD5", "commitHash": "c",
            "fileCount": len(one.files), "createdAt": _TIME, "updatedAt": None, "aliases": aliases,
        }  # fmt: skip

    def _membership(self, place: tuple[str, str, str], index: int) -> Json:
        one = self.artifacts[self.collections[place].versions[index]]
        what = {"__typename": "ArtifactCollectionMembership", "id": f"M{index}", "versionIndex": index}
        within = {"artifactCollection": self._collection(place), "artifact": self._artifact(one)}
        return what | within | {"createdAt": _TIME, "aliases": self._aliases(place, index)}


def _handler(fake: WandbFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            _, _, artifact, name = unquote(self.path).split("/", 3)
            self._send(200, fake.artifacts[artifact].files[name])

        def do_PUT(self) -> None:
            _, _, run, name = unquote(self.path).split("/", 3)
            fake.runs[run]["files"][name] = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["x-kind"] == "file"
            self._send(200, b"")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/file_stream"):
                fake.stream(self.path.split("/")[-2], body)
                self._send(200, b"{}")
                return
            match = re.search(r"(?:query|mutation)\s+(\w+)", body["query"])
            operation = match[1] if match else ""
            key = (
                base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic "))
                .decode()
                .partition(":")[2]
            )
            with fake.lock:
                fake.operations.append(operation)
                ordered = next((one for one in fake.orders if one[0] == operation), None)
                if ordered:
                    fake.orders.remove(ordered)
                if (ordered and ordered[1]) or key not in (KEY, READER):
                    self._send(ordered[1] if ordered else 401, b"{}")
                    return
                try:
                    found: Json = {"data": fake.answer(operation, body.get("variables") or {}, key)}
                except LookupError as refused:
                    found = {"data": None, "errors": [{"message": str(refused.args[0])}]}
            self._send(500 if ordered else 200, json.dumps(found).encode())

        def _send(self, status: int, content: bytes) -> None:
            self.send_response_only(status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Retry-After": "0"}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler
