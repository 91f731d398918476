"""What is said of a declared deployment that cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.azureml_deployment import read_deployment
from mlops_actions.clouds.azure import Arm, Workspace
from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.errors import InputError

WORKSPACE = Workspace("0000", "models", "churn-ml", Arm(Credential(), "https://azure.example"))
GOOD = "model: azureml:churn:3\ninstance_type: Standard_DS3_v2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [", "the deployment is no YAML."),
        ("- model", "the deployment is no mapping of names to values."),
        ("instance_type: Standard_DS3_v2", "the deployment lacks 'model'."),
        ("model: azureml:churn:3", "the deployment lacks 'instance_type'."),
        (GOOD + "name: blue", "'name' is 'blue', and the input 'candidate' says 'green'."),
        (GOOD + "endpoint_name: other", "'endpoint_name' is 'other', and the input 'target' says 'churn'."),
        (GOOD + "instance_typ: x", "'instance_typ' is not known here. Did you mean 'instance_type'?"),
        (
            GOOD + "code_configuration: {code: src}",
            "'code_configuration' uploads a folder of code, which only `az` does. Put the code into the environment's "
            "image or an MLflow model, or deploy with `az ml online-deployment create` before and leave "
            "`?deployment=` out.",
        ),
        (
            "model: ./model.joblib\ninstance_type: x",
            "'model' is './model.joblib'. Write azureml:NAME:VERSION of what is registered in the workspace.",
        ),
    ],
)
def test_a_file_that_is_no_deployment_of_this_candidate_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "green.yml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_deployment(path, WORKSPACE, "green", "churn")
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_deployment(tmp_path / "green.yml", WORKSPACE, "green", "churn")
    assert str(caught.value) == f"{tmp_path}/green.yml: the deployment cannot be read: No such file or directory."


def test_assets_elsewhere_are_named_as_azure_names_them(tmp_path: Path) -> None:
    path = tmp_path / "green.yml"
    there = "azureml://registries/azureml/environments/sklearn-1.5/versions/7"
    path.write_text(f"{GOOD}environment: {there}\n")
    assert read_deployment(path, WORKSPACE, "green", "churn")["properties"]["environmentId"] == there
