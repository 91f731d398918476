"""Where a rollout is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.memory import local_folder, open_memory
from mlops_actions.errors import InputError

TARGET = "envoy:127.0.0.1:80"


@pytest.mark.parametrize(
    ("state", "registry", "location"),
    [
        (None, "file:mlops-registry", "mlops-state/{}"),
        (None, "mlflow+https://host#log=s3://bucket/log", "mlops-state/{}"),
        (None, "s3://bucket/models/", "s3://bucket/models/rollouts/{}"),
        ("there", "s3://bucket/models", "there/{}"),
        ("file:there", "s3://bucket/models", "file:there/rollouts/{}"),
        ("az://state", "file:mlops-registry", "az://state/rollouts/{}"),
    ],
)
def test_the_registry_remembers_where_it_is_a_bucket_and_nothing_else_is_said(
    state: str | None, registry: str, location: str
) -> None:
    name = local_folder("", TARGET).name
    assert name.startswith("envoy-127.0.0.1-80-")
    assert open_memory(state, registry, TARGET).location == location.format(name)


@pytest.mark.parametrize(("state", "parent"), [(None, "mlops-state"), ("s3://b/f", "mlops-state"), ("there", "there")])
def test_what_a_target_keeps_stays_on_this_machine(state: str | None, parent: str) -> None:
    assert local_folder(state, TARGET).parent == Path(parent)


def test_targets_do_not_share_their_memory() -> None:
    assert local_folder("", TARGET) != local_folder("", f"{TARGET}80")


def test_a_place_that_no_registry_can_be_at_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        open_memory("redis://host", "file:r", TARGET)
    assert str(refused.value) == (
        "the input 'state' is 'redis://host'; rollouts are not remembered there. "
        "Write a folder of this machine, s3://bucket/folder, gs://…, az://… or file:/folder on a shared disk."
    )
