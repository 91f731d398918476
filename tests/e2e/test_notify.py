"""The workflow of examples/notify under act, with one server in the place of GitHub's API, Slack and Teams."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.act import Act
from harness.checkout import ROOT
from harness.project import champion, make_project, train_elsewhere
from inbox_site import Inbox, inbox_site

PROGRAM = ROOT / "examples/notify/.github/notify.jq"
RUN = "https://github.com/org/consumer/actions/runs/77"
HOSTILE = "<!channel> @everyone [x](https://evil.example) WWW.evil.example </pre> **b**"
SHOWN = "<!channel> @everyone [x](https:\u200b//evil.example) WWW\u200b.evil.example </pre> **b**"
"""With a space of no width, so that nothing takes an address for a link."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with inbox_site() as started:
        yield started


def test_who_approves_is_told_the_verdict_in_three_places_before_the_model_is_promoted(
    act: Act, inbox: Inbox, tmp_path: Path
) -> None:
    project = make_project(tmp_path, "notify")
    train_elsewhere(project)
    secrets = {
        "GITHUB_TOKEN": "canary-t0ken",
        "SLACK_WEBHOOK": f"{inbox.url}/slack/canary-s1ack",
        "TEAMS_WEBHOOK": f"{inbox.url}/teams/canary-t3ams",
    }

    env = {"SETUP_PYTHON": sys.executable, "GITHUB_API_URL": inbox.url}
    run = act.run(project, "release.yml", event="workflow_dispatch", env=env, secrets=secrets)

    assert run.exit_code == 0, str(run)
    sha256 = run.job("judge").steps["gate"].outputs["subject-sha256"]
    assert champion(project) == sha256
    issue = inbox.at("/repos/org/consumer/issues")
    assert issue.headers["Authorization"] == "Bearer canary-t0ken"
    assert issue.body["title"] == "PASS: a model of org/consumer"
    assert f"[Approve or reject]({RUN})" in issue.body["body"]
    slack, teams = inbox.at("/slack/canary-s1ack").body, inbox.at("/teams/canary-t3ams").body
    assert slack["text"] == slack["blocks"][0]["text"]["text"] == issue.body["title"]
    assert button(slack) == teams["attachments"][0]["content"]["actions"][0]["url"] == RUN
    for text in texts(issue.body, slack, teams):
        assert f"Model build/model.joblib, SHA-256 {sha256}\nChampion none\n" in text
        assert "roc_auc > 0.7  (0." in text
    assert "canary-" not in str(run), "a secret was printed"


def test_a_model_that_fails_is_told_of_and_not_promoted(act: Act, inbox: Inbox, tmp_path: Path) -> None:
    project = make_project(tmp_path, "notify")
    train_elsewhere(project)
    script = (project / "train.py").read_text()
    (project / "train.py").write_text(script.replace('"bad" in sys.argv', "True"))
    secrets = {"GITHUB_TOKEN": "t", "SLACK_WEBHOOK": f"{inbox.url}/slack"}  # Teams has no address

    env = {"SETUP_PYTHON": sys.executable, "GITHUB_API_URL": inbox.url}
    run = act.run(project, "release.yml", event="workflow_dispatch", env=env, secrets=secrets)

    assert inbox.at("/slack").body["text"].startswith("FAIL: ")
    assert inbox.at("/repos/org/consumer/issues").body["title"].startswith("FAIL: ")
    assert "WEBHOOK: this repository has no such secret" in str(run)
    assert not run.ran("promote")
    assert champion(project) is None


def test_what_stands_in_a_verdict_is_text_and_nothing_else() -> None:
    rules = [
        {"rule": f"roc_auc > 0.7 {HOSTILE}\n\x1b[31m@here", "slice": None, "result": "pass", "value": 0.81234567},
        *({"rule": "r" * 900, "slice": "carrier=AA", "result": "fail", "value": None} for _ in range(30)),
    ]
    predicate = {"result": "fail", "decision": HOSTILE, "champion": None, "rules": rules}
    verdict = {"subject": [{"name": HOSTILE, "digest": {"sha256": "a" * 64}}], "predicate": predicate}

    issue, slack, teams = (message(to, verdict) for to in ("issue", "slack", "teams"))

    assert issue["body"].count("<") == 2, "only the pre's own tags"
    assert issue["body"].endswith(f"</pre>\n\n[Approve or reject]({RUN})")
    assert not {"<", ">"} & set(slack["text"])
    assert len(slack["blocks"][0]["text"]["text"]) <= 150
    assert len(slack["blocks"][1]["text"]["text"]) <= 3000
    assert {block["text"]["type"] for block in slack["blocks"][:2]} == {"plain_text"}
    (card,) = (one["content"] for one in teams["attachments"])
    assert {inline["type"] for block in card["body"] for inline in block["inlines"]} == {"TextRun"}
    for text in texts(issue, slack, teams):
        assert SHOWN in text
        assert "\x1b" not in text
        lines = text.splitlines()
        assert lines[3].startswith("fail  rrr"), "what speaks against the model comes first"
    assert "and 11 more in the run's summary" in texts(issue, slack, teams)[0]


def message(to: str, verdict: dict[str, Any]) -> Any:
    command = ["jq", "--arg", "to", to, "--arg", "run", RUN, "--from-file", str(PROGRAM)]
    asked, env = json.dumps(verdict), {**os.environ, "GITHUB_REPOSITORY": "org/consumer"}
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, env=env)
    return json.loads(done.stdout)


def texts(issue: Any, slack: Any, teams: Any) -> list[str]:
    """What is read in each place below the title."""
    shown = html.unescape(issue["body"].partition("<pre>")[2].partition("</pre>")[0])
    card = teams["attachments"][0]["content"]["body"]
    return [shown, slack["blocks"][1]["text"]["text"], "\n".join(block["inlines"][0]["text"] for block in card[1:])]


def button(slack: Any) -> str:
    return str(slack["blocks"][2]["elements"][0]["url"])
