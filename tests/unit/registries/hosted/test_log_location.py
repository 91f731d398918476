"""Where the log beside a hosted registry may live."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.registries import open_registry

HOST = "mlflow+https://models.example"
WRITE = "Write s3://bucket/folder, gs://…, az://…, or file:/folder on a disk that all runs share."


@pytest.fixture(autouse=True)
def _in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "RUNNER_ENVIRONMENT", "RUNNER_TEMP", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "log", ["s3://bucket/log", "gs://bucket", "az://bucket/log", "file:/srv/log", "file:///srv/log"]
)
def test_a_bucket_or_a_lasting_folder_may_hold_the_log(log: str) -> None:
    assert open_registry(f"{HOST}#log={log}").location == f"{HOST}#log={log}"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            HOST,
            f"log: the hosted registry '{HOST}' keeps no history that can be trusted, so it needs a log beside it. "
            f"{WRITE}",
        ),
        (f"{HOST}#log=log", f"log: the log cannot be at 'log'. {WRITE}"),
        (f"{HOST}#log=s3:bucket", f"log: the log cannot be at 's3:bucket'. {WRITE}"),
        (f"{HOST}#log=https://host/log", f"log: the log cannot be at 'https://host/log'. {WRITE}"),
        (
            f"{HOST}#log=file:log",
            "log: the log 'file:log' is relative to the working directory, which another run may not share. " + WRITE,
        ),
        (
            "mlflow+https://bot:s3cret@models.example#log=s3://bucket",
            "the registry 'mlflow+https://models.example' holds a user or password. Set MLFLOW_TRACKING_TOKEN, or "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, from a secret.",
        ),
        ("mlflow+https://", "the registry 'mlflow+https://' names no host. Write mlflow+https://host."),
    ],
)
def test_any_other_place_is_refused(location: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(location)
    assert str(caught.value) == message


def test_the_disk_of_a_hosted_runner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    with pytest.raises(InputError) as caught:
        open_registry(f"{HOST}#log=file:/srv/log")
    assert str(caught.value) == (
        f"log: the log 'file:/srv/log' would be lost with this job: nothing below '/' outlasts it. {WRITE}"
    )


@pytest.mark.parametrize("variable", ["RUNNER_TEMP", "GITHUB_WORKSPACE"])
def test_what_ones_own_runner_cleans_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "self-hosted")
    monkeypatch.setenv(variable, str(tmp_path / "work"))
    assert open_registry(f"{HOST}#log=file:{tmp_path}/lasting")
    with pytest.raises(InputError, match=r"would be lost with this job: nothing below '.*/work' outlasts it"):
        open_registry(f"{HOST}#log=file:{tmp_path}/other/../work/log")
