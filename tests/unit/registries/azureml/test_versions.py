"""What tags and stages of Azure ML's model versions say of aliases."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_actions.registries import Blob
from mlops_actions.registries.azureml.versions import (
    aliases_of,
    blob_of_version,
    by_number,
    with_alias,
    with_blob,
    without_alias,
)


def version(stage: str | None = None, *true: str, **fields: Any) -> dict[str, Any]:
    tags = {"framework": "sklearn", **dict.fromkeys(true, "true")}
    return {"name": "3", "properties": {"stage": stage, "tags": tags, "modelUri": "azureml://x", **fields}}


@pytest.mark.parametrize(
    ("described", "aliases"),
    [
        (version(None, "champion"), {"champion"}),
        (version("Production", "champion", "Production"), {"champion", "Production"}),
        (version("Production", "Production", "Staging"), {"Production", "Staging"}),
        (version("Production", "champion"), {"champion", "Production"}),  # a stage that was set by hand
        (version("Archived", "champion", "Production"), {"champion"}),  # and one that was taken away
        (version("Staging", "Production"), {"Staging"}),
        (version("Development"), {"Development"}),
        (version("None"), set()),
    ],
)
def test_a_tag_or_a_stage_is_an_alias(described: dict[str, Any], aliases: set[str]) -> None:
    assert aliases_of(described) == aliases


def test_an_alias_is_given_and_taken_with_all_else_carried_back() -> None:
    given = with_alias(version("Staging", "Staging", description="of May", provisioningState="Succeeded"), "Production")
    assert given == {
        "description": "of May",
        "modelUri": "azureml://x",
        "stage": "Production",
        "tags": {"framework": "sklearn", "Staging": "true", "Production": "true"},
    }
    taken = without_alias({"name": "3", "properties": given}, "Production")
    assert (taken["stage"], taken["tags"]) == ("Staging", {"framework": "sklearn", "Staging": "true"})
    taken = without_alias({"name": "3", "properties": taken}, "Staging")
    assert (taken["stage"], taken["tags"]) == ("Archived", {"framework": "sklearn"})


def test_a_note_of_the_bytes_is_read_as_it_was_written() -> None:
    blob = Blob("a" * 64, ".joblib", 9)
    assert blob_of_version(version()) is None
    assert blob_of_version({"name": "3", "properties": with_blob(version(), blob)}) == blob


def test_versions_that_are_no_numbers_are_left_out() -> None:
    names = ["2", "v1", "10", "01", "1.0", "0", "2024-05"]
    assert list(by_number([{"name": name} for name in names])) == [2, 10]
