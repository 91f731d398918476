"""Weights & Biases' GraphQL interface: collections of artifacts, their versions, aliases and files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlops_actions.ci.credentials import secret, server
from mlops_actions.clouds.http import TIMEOUT, Again, patiently, reaching, shares_origin
from mlops_actions.errors import InputError, MlopsError, OutsideError

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]
BASE_URL, KEY = "WANDB_BASE_URL", "WANDB_API_KEY"
"""The variables that the vendor's own client reads."""
_BLOCK = 8 << 20
_PAGE = 50
_WORDS = 300
_PAGE_INFO = "pageInfo { endCursor hasNextPage }"
_COLLECTIONS = f"""
query ProjectArtifactCollections($entity: String!, $project: String!, $cursor: String, $perPage: Int) {{
  project(entityName: $entity, name: $project) {{
    artifactCollections(after: $cursor, first: $perPage) {{ {_PAGE_INFO} edges {{ node {{ __typename name }} }} }}
  }}
}}"""
_ARTIFACTS = f"""
query ProjectArtifacts(
  $entity: String!, $project: String!, $type: String!, $collection: String!, $cursor: String, $perPage: Int = {_PAGE}
) {{
  project(entityName: $entity, name: $project) {{
    artifactType(name: $type) {{
      artifactCollection(name: $collection) {{
        __typename
        artifacts(after: $cursor, first: $perPage) {{
          {_PAGE_INFO}
          edges {{
            version
            node {{
              id digest digestAlgorithm state metadata
              aliases {{ alias artifactCollection {{ name project {{ name entity {{ name }} }} }} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}"""
_FILES = f"""
query ArtifactMembershipFiles(
  $entity: String!, $project: String!, $collection: String!, $alias: String!, $cursor: String, $perPage: Int = {_PAGE}
) {{
  project(name: $project, entityName: $entity) {{
    artifactCollection(name: $collection) {{
      artifactMembership(aliasName: $alias) {{
        files(after: $cursor, first: $perPage) {{
          {_PAGE_INFO} edges {{ node {{ name: displayName sizeBytes directUrl }} }}
        }}
      }}
    }}
  }}
}}"""
_LINK = "mutation LinkArtifact($input: LinkArtifactInput!) { result: linkArtifact(input: $input) { versionIndex } }"
_ADD = "mutation AddAliases($input: AddAliasesInput!) { result: addAliases(input: $input) { success } }"
_UPDATE = """
mutation UpdateArtifact($input: UpdateArtifactInput!) { result: updateArtifact(input: $input) { artifact { id } } }"""


class NotThereError(InputError):
    """There is no such project, or it is not shown to us."""


class Wandb:
    """One server; the session keeps its connection open."""

    def __init__(self) -> None:
        self.url = server(BASE_URL, "https://api.wandb.ai", f"Set {KEY} from a secret.")
        self._session: requests.Session | None = None

    def collections(self, entity: str, project: str) -> Iterator[str]:
        """The names of a project's collections. NotThereError where there is no such project."""
        place = {"entity": entity, "project": project}
        return (one["name"] for one in self._pages(_COLLECTIONS, place, ("artifactCollections",)))

    def artifacts(self, entity: str, project: str, collection: str) -> Iterator[Json]:
        """The versions of a collection of models, each with its `version`; none where there is no such collection."""
        place = {"entity": entity, "project": project, "type": "model", "collection": collection}
        return self._pages(_ARTIFACTS, place, ("artifactType", "artifactCollection", "artifacts"))

    def files(self, entity: str, project: str, collection: str, version: str) -> Iterator[Json]:
        """The files of a version: name, size in bytes, and where they are read."""
        place = {"entity": entity, "project": project, "collection": collection, "alias": version}
        return self._pages(_FILES, place, ("artifactCollection", "artifactMembership", "files"))

    def link(self, artifact: str, entity: str, project: str, collection: str) -> int:
        """Make an artifact a version of a collection, or find that it is one; returns the version's number, from 0."""
        what = {"artifactID": artifact, "entityName": entity, "projectName": project}
        found = self.ask(
            _LINK, f"link artifacts to {project!r}", {"input": {**what, "artifactPortfolioName": collection}}
        )
        return int(found["result"]["versionIndex"])

    def add_alias(self, artifact: str, entity: str, project: str, collection: str, alias: str) -> None:
        """Let an alias of a collection name this artifact and no other."""
        one = {"entityName": entity, "projectName": project, "artifactCollectionName": collection, "alias": alias}
        self.ask(_ADD, f"set aliases in {project!r}", {"input": {"artifactID": artifact, "aliases": [one]}})

    def describe(self, artifact: str, metadata: Mapping[str, Any], project: str) -> None:
        """Replace an artifact's metadata."""
        given = {"artifactID": artifact, "metadata": json.dumps(metadata)}
        self.ask(_UPDATE, f"change artifacts that {project!r} links to", {"input": given})

    def blocks(self, url: str) -> Iterator[bytes]:
        """A file's content."""
        with self.send("GET", url, "read artifacts", stream=True) as answer:
            try:
                yield from answer.iter_content(_BLOCK)
            except OSError:  # requests' errors are of this kind
                raise OutsideError("W&B's answer with a file was cut off.", hint="Run it again.") from None

    def _pages(self, query: str, place: Mapping[str, str], path: tuple[str, ...]) -> Iterator[Json]:
        cursor = None
        while True:
            asked = {**place, "cursor": cursor, "perPage": _PAGE}
            found = self.ask(query, f"read the project {place['project']!r}", asked)["project"]
            if found is None:
                raise NotThereError(
                    f"W&B shows us no project {place['project']!r} of {place['entity']!r}.",
                    hint=f"Check both, and the rights of the key in {KEY}.",
                )
            for step in path:
                found = found.get(step)
                if found is None:
                    return
            for edge in found["edges"]:
                yield {**edge["node"], **{key: value for key, value in edge.items() if key != "node"}}
            if not found["pageInfo"]["hasNextPage"]:
                return
            cursor = found["pageInfo"]["endCursor"]

    def ask(self, query: str, right: str, variables: Mapping[str, Any]) -> Json:
        """The data of an answer to a query; `right` says in the user's words what it needs to be allowed."""
        answer = self.send("POST", f"{self.url}/graphql", right, json={"query": query, "variables": variables})
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict) or not {"data", "errors"} & found.keys():
            raise OutsideError(f"{self.url!r} does not answer as W&B does.", hint=f"Check {BASE_URL}.")
        if errors := found.get("errors"):
            words = str(errors[0].get("message", ""))[:_WORDS].rstrip(".")
            if "permission" in words.lower() or "not authorized" in words.lower():
                raise _forbidden(right)
            raise OutsideError(f"W&B refused to {right}: {words}.")
        data: Json = found["data"]
        return data

    def send(self, method: str, url: str, right: str, **given: Any) -> requests.Response:
        """The answer to a request, tried again where that can help."""
        return patiently(f"W&B at {self.url!r}", lambda: self._attempt(method, url, right, **given))

    def _attempt(self, method: str, url: str, right: str, **given: Any) -> requests.Response:
        import requests

        self._session = self._session or requests.Session()
        with reaching(f"W&B at {self.url!r}"):
            answer = self._session.request(method, url, auth=self._auth, timeout=TIMEOUT, **given)
        if answer.ok:
            return answer
        with answer:
            raise self._failure(answer, right)

    def _auth(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The key, to W&B and nobody else; given always, since ~/.netrc would be read without one."""
        import requests

        key = secret(KEY)
        if key and shares_origin(request.url, self.url):
            requests.auth.HTTPBasicAuth("api", key)(request)
        return request

    def _failure(self, answer: requests.Response, right: str) -> MlopsError | Again:
        status = answer.status_code
        if status in (408, 429) or status >= 500:
            return Again(f"status {status}", answer.headers.get("Retry-After"))
        if status == 401 and secret(KEY):
            return InputError(
                f"W&B does not accept the key of {KEY} (status 401), so we cannot {right}.",
                hint="It is expired or revoked: make a new one.",
            )
        if status == 401:
            return InputError(
                f"W&B wants to know who asks (status 401) before we may {right}.", hint=f"Set {KEY} from a secret."
            )
        if status == 403:
            return _forbidden(right)
        return OutsideError(f"W&B refused to {right} (status {status}).", hint=f"Check {BASE_URL}.")


def _forbidden(right: str) -> InputError:
    return InputError(
        f"W&B does not allow the key of {KEY} to {right}.", hint="Give its user or service account that role."
    )
