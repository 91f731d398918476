"""What breaks between two writes to a workspace, and what it is told when it does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from azure_site import azure_environment
from azureml_fake import LOCATION, AzureFake
from mlops_actions.clouds.azure import Arm, open_workspace
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.azureml.datastore import Datastore
from mlops_actions.registries.objects import Objects
from promotion_project import Project


class KilledError(BaseException):
    """Nothing of ours goes on after it."""


@pytest.fixture
def project(azure: AzureFake, blobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name, value in azure_environment(blobs).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Project(registry_location=f"{LOCATION}#log=az://models/log-{azure.port}", name=f"delay-{azure.port}")


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, number: int, when: str) -> Iterator[list[str]]:
    """Be killed around the N-th write to the workspace, its storage or the log; yields what was written until then."""
    writes: list[str] = []

    def counted(what: str, write: Callable[..., Any]) -> Callable[..., Any]:
        def act(*given: Any, **named: Any) -> Any:
            writes.append(what)
            if len(writes) == number and when == "before":
                raise KilledError
            done = write(*given, **named)
            if len(writes) == number:
                raise KilledError
            return done

        return act

    with monkeypatch.context() as patched:
        patched.setattr(Arm, "put", counted("put", Arm.put))
        for name in ("create", "replace", "upload"):
            patched.setattr(Objects, name, counted(name, getattr(Objects, name)))
        with contextlib.suppress(KilledError):
            yield writes


class Full(BaseHTTPRequestHandler):
    """Storage that takes nothing."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = b"<Error><Code>RequestBodyTooLarge</Code><Message>The body is too large.</Message></Error>"
        self.send_response(413)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        content = b"<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>"
        self.send_response(404 if self.command == "HEAD" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def tagged(azure: AzureFake, name: str) -> list[str]:
    """The versions that carry the champion's tag."""
    found = ((number, azure.models.version(name, str(number))) for number in range(1, 40))
    return [str(number) for number, one in found if one and one["properties"]["tags"].get("champion") == "true"]


def test_a_promotion_killed_at_any_write_leaves_a_champion_and_a_rerun_completes_it(
    project: Project, azure: AzureFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = project.promoted("old")
    with killed(monkeypatch, 0, "never") as writes:
        old = project.promoted("older")
    # The model, two statements, its version, the log entry and its hint, the tag of the new version, the old one's, and
    # the mark that they followed.
    assert writes == ["upload", "create", "create", "put", "create", "replace", "put", "put", "create"]
    entry = writes.index("put") + 2
    for number in range(len(writes) + 1):
        path = project.model(f"killed after {number}", f"build/{number}.joblib")
        new = digest_path(path)
        project.judged(path)
        with killed(monkeypatch, max(number, 1), "after" if number else "before"):
            project.promote(path)
            pytest.fail("nobody was killed")
        assert project.champion() == (new if number >= entry else old), number
        again = project.promote(path).predicate
        assert (again.result, again.after, again.changed) == ("pass", new, number < entry)
        assert tagged(azure, project.name) == [str(again.version)]
        assert not project.registry.head(project.name).strays
        old = new
    assert len(list(project.registry.history(project.name))) == 3 + len(writes)


def test_azure_gone_after_the_log_entry_is_told_and_a_rerun_completes(project: Project, azure: AzureFake) -> None:
    project.promoted("old")
    path = project.model("new")
    project.judged(path)
    azure.fail("PUT", "/versions/2$", 503, after=1, times=5)  # it is registered, and then nothing more
    with pytest.raises(OutsideError) as caught:
        project.promote(path)
    assert str(caught.value).startswith(
        f"the log has the promotion as entry 2, but Azure ML's alias 'champion' of {project.name!r} does not follow "
        "yet: Azure failed 5 times in a row: status 503"
    )
    assert tagged(azure, project.name) == ["1"]
    assert project.champion() == digest_path(path)
    assert not project.promote(path).predicate.changed
    assert tagged(azure, project.name) == ["2"]


def test_a_signature_that_has_ended_is_asked_for_again_and_another_one_is_kept(
    project: Project, azure: AzureFake
) -> None:
    azure.models.signature_seconds = 1
    digest = project.promoted("first")
    registry = project.registry
    azure.models.signatures = 0
    assert registry.blob(digest)
    time.sleep(1.1)
    azure.models.signature_seconds = 3600
    assert registry.blob(digest)
    asked = azure.models.signatures
    assert asked >= 2
    assert registry.blob(digest)
    assert azure.models.signatures == asked


def test_storage_without_secrets_is_signed_in_to_with_our_own_token(azure: AzureFake) -> None:
    azure.models.keyless = True
    workspace, _ = open_workspace(LOCATION, "registry", "SUBSCRIPTION/GROUP/WORKSPACE")
    given = Datastore(workspace)._credential()
    assert set(given) == {"token", "expires_at"}
    assert azure.models.signatures == 0


def test_a_workspace_that_gives_no_signature_is_told_with_the_right_that_lacks(
    project: Project, azure: AzureFake
) -> None:
    refused = {"error": {"code": "AuthorizationFailed", "message": ""}}
    azure.fail("POST", "/listSecrets$", 403, body=refused, times=9)
    path = project.model("first")
    project.judged(path, champion=None)
    with pytest.raises(InputError, match=r"workspaces/datastores/listSecrets/action \(status 403\)"):
        project.promote(path)
    assert project.registry.head(project.name).entry == 0


def test_a_model_over_the_storages_limit_is_told_and_nothing_is_registered(
    project: Project, azure: AzureFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Full) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        project.registry_location = f"{LOCATION}#log=file:{Path.cwd()}/log"
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"http://127.0.0.1:{server.server_port}/test")
        path = project.model("large")
        project.judged(path, champion=None)
        with pytest.raises(OutsideError) as caught:
            project.promote(path)
        server.shutdown()
    assert str(caught.value).startswith(
        "the registry 'azureml:churn-ml/default datastore/mlops-actions' cannot be written: "
    )
    assert "413 Payload Too Large: <Error><Code>RequestBodyTooLarge</Code>" in str(caught.value)
    assert "sig=" not in str(caught.value)
    assert azure.models.version(project.name, "1") is None
