"""What is optional is asked for by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError
from mlops_actions.extras import explained, require
from mlops_actions.registries import open_registry


def test_what_is_installed_is_returned() -> None:
    assert require("json", "aws", "this") is json


def test_an_extra_that_is_not_installed_is_named_with_what_needs_it() -> None:
    with pytest.raises(InputError) as caught:
        require("a_module_of_nobody", "aws", "the registry 'sagemaker:eu-west-1'", where="registry")
    assert str(caught.value) == (
        "registry: the registry 'sagemaker:eu-west-1' needs mlops-actions[aws], which is not installed here. "
        "Install it: pip install 'mlops-actions[aws]'."
    )


def test_a_registry_and_a_target_whose_extra_is_missing_say_so_before_they_ask_anybody() -> None:
    """The environment of the tests has no client of a cloud."""
    services = Services("blue", "green", "/", 1, Path("state"))
    for location, ask in {
        "sagemaker:eu-west-1": open_registry("sagemaker:eu-west-1#log=s3://bucket/log").names,
        "sagemaker:eu-west-1/flights": open_target("sagemaker:eu-west-1/flights", services).weight,
    }.items():
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.message == f"'{location}' needs mlops-actions[aws], which is not installed here."


@pytest.mark.parametrize("module", ["duckdb", "arro3.core", "open_data_contract_standard.model"])
def test_a_missing_library_that_reads_data_is_explained_by_its_extra(module: str) -> None:
    package = module.partition(".")[0].replace("_", "-")
    explanation = explained(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert str(explanation) == (
        f"reading data needs mlops-actions[data], which is not installed here ({package} is missing). "
        "Install it: pip install 'mlops-actions[data]', or the checkout as '.[data]'."
    )


@pytest.mark.parametrize("module", ["duck", "numpy", "mlops_actions.nothing", None])
def test_any_other_missing_module_is_not(module: str | None) -> None:
    assert explained(ModuleNotFoundError("No module", name=module)) is None
