"""The workflows of examples/pull-request, step by step: a fork without any secret, the merge queue, the promotion."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml

from harness.checkout import ROOT
from harness.composite import CompositeResult, Runner
from mlflow_site import BUCKET, MlflowSite, missing, mlflow_site, s3_environment
from mlops_actions.evidence import EvidenceStore, digest_path
from mlops_actions.evidence.verdict import Verdict

WORKFLOWS = ROOT / "examples/pull-request/.github/workflows"


class PublicBucket(ThreadingHTTPServer):
    """What the world sees of a bucket: anybody may read, nobody may write, and credentials are not looked at."""

    behind: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Anonymous(BaseHTTPRequestHandler):
    server: PublicBucket

    def do_GET(self) -> None:
        if "Authorization" in self.headers:
            self.answer(403, b"credentials were sent")
            return
        # The bucket's policy lets everybody read; the server behind knows only its owner.
        owner = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"}
        wanted = urllib.request.Request(self.server.behind + self.path, headers=owner, method=self.command)
        if chosen := self.headers.get("Range"):
            wanted.add_header("Range", chosen)
        try:
            with urllib.request.urlopen(wanted) as found:
                self.answer(found.status, found.read(), dict(found.headers))
        except HTTPError as error:
            self.answer(error.code, error.read())

    do_HEAD = do_GET  # noqa: N815  the names that http.server calls

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")

    do_POST = do_DELETE = do_PUT  # noqa: N815

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() in ("etag", "last-modified", "content-type", "content-range"):
                self.send_header(name, value)
        length = (headers or {}).get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowSite]:
    if lacks := missing():
        pytest.skip(f"this machine lacks {lacks}")
    with mlflow_site(tmp_path_factory.mktemp("mlflow")) as started:
        yield started


@pytest.fixture(scope="module")
def public(site: MlflowSite) -> Iterator[PublicBucket]:
    with PublicBucket(("127.0.0.1", 0), Anonymous) as started:
        started.behind = site.s3
        Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a model that `main` would have."""
    folder = tmp_path_factory.mktemp("project") / "consumer"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    subprocess.run([sys.executable, "train.py", "good"], cwd=folder, check=True)
    # On GitHub each workflow has the same data and settings; where the registry is, the workflows say.
    settings = yaml.safe_load((folder / "mlops.yml").read_text())
    del settings["registry"], settings["name"], settings["quality-gate"]
    (folder / "policy.yaml").write_text("rules: [roc_auc > 0.7, roc_auc >= champion - 0.02]\n")
    settings["quality-gate"] = {"policy": "policy.yaml"}
    (folder / "mlops.yml").write_text(yaml.safe_dump(settings))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for arguments in (["init", "-q"], ["add", "-f", "."], ["commit", "-qm", "main"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=folder, check=True)
    return folder


Job = Callable[..., tuple[list[CompositeResult], Path]]


@pytest.fixture
def job(
    tmp_path: Path, project: Path, checkout: Path, site: MlflowSite, tmp_path_factory: pytest.TempPathFactory
) -> Job:
    """Runs the steps of a workflow that are our actions, as they are written, but for the addresses."""
    tools = tmp_path_factory.getbasetemp() / "tools"

    def run(workflow: str, event: str, environ: Mapping[str, str], payload: Any, left_out: str = "") -> Any:
        runner = Runner(tmp_path / workflow, workspace=tmp_path / workflow / "workspace")
        shutil.copytree(project, runner.workspace)
        (tmp_path / "event.json").write_text(json.dumps(payload))
        runner.path = [str(Path(sys.executable).parent)]
        runner.github = {
            "event_name": event,
            "event_path": str(tmp_path / "event.json"),
            "ref": "refs/heads/main" if event == "push" else "refs/pull/1/merge",
            "api_url": "http://127.0.0.1:9",
        }
        found = yaml.safe_load((WORKFLOWS / workflow).read_text())
        (steps,) = (one["steps"] for one in found["jobs"].values())
        results = []
        for step in steps:
            if "mlops-actions" not in step.get("uses", ""):
                continue
            action = step["uses"].partition("@")[0].removeprefix("org/mlops-actions").lstrip("/")
            written = json.dumps({key: value for key, value in step["with"].items() if key != left_out})
            for there, here in addresses(site).items():
                written = written.replace(there, here)
            mine = dict.fromkeys(step.get("env", {}), "") | dict(environ)
            runner.env = {"RUNNER_TOOL_CACHE": str(tools), **mine}
            results.append(runner.run(checkout / action, json.loads(written)))
            if results[-1].outcome == "failure":
                break
        return results, runner.workspace

    return run


def addresses(site: MlflowSite) -> dict[str, str]:
    return {
        "mlflow+https://mlflow.example": f"mlflow+{site.url}",
        "s3://my-models/promotions": f"s3://{BUCKET}/promotions",
        "s3://my-public-models/registry": f"s3://{BUCKET}/public",
    }


def anonymous(public: PublicBucket) -> dict[str, str]:
    """Nothing secret: where the bucket is, and what gate.yml sets for its job."""
    job = yaml.safe_load((WORKFLOWS / "gate.yml").read_text())["jobs"]["gate"]
    return {"AWS_ENDPOINT": public.url, "AWS_ALLOW_HTTP": "true", **job["env"]}


FORK = {
    "repository": {"default_branch": "main"},
    "pull_request": {"head": {"sha": "1" * 40, "repo": {"full_name": "mallory/fork"}}},
}
BRANCH = {"repository": {"default_branch": "main"}}


def verdict(workspace: Path) -> Verdict:
    (found,) = EvidenceStore(workspace / "mlops-evidence").find(Verdict)
    return found.statement.predicate


def test_a_fork_is_gated_without_a_secret_and_the_merge_queue_gates_again(
    job: Job, site: MlflowSite, public: PublicBucket, project: Path
) -> None:
    model = digest_path(project / "build/model.joblib")

    # Before anything was promoted, and where there is no public copy: rules about the champion do not apply.
    (evaluated, judged), workspace = job("gate.yml", "pull_request", {}, FORK, left_out="registry")
    assert (evaluated.outcome, judged.outcome) == ("success", "success"), judged.output
    found = verdict(workspace)
    assert (found.result, found.champion) == ("pass", None)
    assert [rule.result for rule in found.rules] == ["pass", "not-applicable"]
    shutil.rmtree(workspace.parent)

    # The default branch promotes in MLflow and in the public copy.
    results, _ = job("promote.yml", "push", s3_environment(site.s3), BRANCH)
    assert [one.outputs["result"] for one in results] == ["pass", "pass"], results[-1].output

    # A fork compares with the champion of the public copy, and has nothing to write with.
    (_, judged), workspace = job("gate.yml", "pull_request", anonymous(public), FORK)
    found = verdict(workspace)
    assert (judged.outcome, found.result, found.champion) == ("success", "pass", model), judged.output
    assert [rule.result for rule in found.rules] == ["pass", "pass"]

    # The merge queue compares with the champion of MLflow itself.
    (_, judged), workspace = job("merge-queue.yml", "merge_group", s3_environment(site.s3), BRANCH)
    found = verdict(workspace)
    assert (judged.outcome, found.result, found.champion) == ("success", "pass", model), judged.output


def test_a_fork_cannot_write_to_the_public_copy(job: Job, public: PublicBucket) -> None:
    results, _ = job("promote.yml", "pull_request", anonymous(public), FORK)
    assert (results[-1].exit_code, results[-1].outputs["result"]) == (4, "error")
    assert "the registry 's3://models/public' cannot be written" in results[-1].annotations[0].message
