"""The models of a workspace as a registry: the contract, and what is different in Azure ML."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import mlops_actions
from azure_site import azure_environment
from azureml_client import microsofts_client
from azureml_fake import BASE, GROUP, LOCATION, SUBSCRIPTION, TOKEN, WORKSPACE, AzureFake
from azureml_schema import violations
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries import AliasMissingError, Registry, open_registry, resolve
from promotion_project import Project
from racing import race_for_the_champion, racing_promoters
from registry_contract import RegistryContract, stored


@pytest.fixture
def registry(azure: AzureFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return open_registry(LOCATION)


@pytest.fixture
def project(registry: Registry, azure: AzureFake, blobs: str) -> Project:
    """Its log is its own: all workspaces of these tests share one server of blobs."""
    return Project(registry_location=f"{LOCATION}#log=az://models/log-{azure.port}", name=f"delay-{azure.port}")


@pytest.fixture(autouse=True)
def _storage(blobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in azure_environment(blobs).items():
        monkeypatch.setenv(name, value)


class TestAzureMl(RegistryContract):
    """The log lies in the workspace's own datastore."""


def shown(azure: AzureFake, name: str) -> dict[str, tuple[str | None, list[str]]]:
    """Version → its stage, and the tags that are aliases."""
    found = {}
    for number in "123456789":
        if version := azure.models.version(name, number):
            properties = version["properties"]
            tags = sorted(key for key, value in properties["tags"].items() if value == "true")
            found[number] = (properties.get("stage"), tags)
    return found


def test_a_promotion_registers_a_version_with_its_bytes_and_lets_tag_and_stage_follow(
    project: Project, azure: AzureFake
) -> None:
    first, second = project.promoted("first"), project.promoted("second")
    assert shown(azure, project.name) == {"1": (None, []), "2": (None, ["champion"])}
    path = "build/second.joblib"
    assert project.promote(path, alias="Staging").predicate.result == "pass"
    assert project.promote(path, alias="Production").predicate.result == "pass"
    assert shown(azure, project.name)["2"] == ("Production", ["Production", "Staging", "champion"])
    assert not project.registry.head(project.name).strays
    version = azure.models.version(project.name, "2")
    assert version
    kept = version["properties"]
    assert kept["properties"] == {
        "mlops-actions.sha256": second,
        "mlops-actions.suffix": ".joblib",
        "mlops-actions.size": "6",
    }
    assert kept["tags"]["mlops-actions.verdict"] == "pass"
    assert kept["modelUri"] == (
        f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/workspaces/{WORKSPACE}/datastores/"
        f"workspaceblobstore/paths/mlops-actions/blobs/{second}/model.joblib"
    )
    project.judged("build/first.joblib")
    assert project.promote("build/first.joblib", alias="Production").predicate.version == 1
    assert shown(azure, project.name) == {
        "1": ("Production", ["Production"]),
        "2": ("Staging", ["Staging", "champion"]),
    }
    assert not project.registry.head(project.name).strays
    found = resolve(f"{project.name}@Production", project.registry_location, None)
    assert (found.sha256, found.version, found.path.read_text()) == (first, 1, "first")
    assert sorted(one.kind for one in project.registry.statements(project.name, second)) == ["evaluation", "verdict"]


def test_a_tag_that_was_moved_by_hand_is_told_and_not_overwritten(project: Project, azure: AzureFake) -> None:
    project.promoted("first")
    second = project.promoted("second")
    azure.models.change(project.name, "1", tags={"champion": "true"})
    assert project.champion() == second  # the log decides
    third = project.model("third")
    project.judged(third)
    (reason,) = project.promote(third).predicate.reasons
    assert reason.message == (
        f"Somebody moved the alias 'champion' of {project.name!r} by hand: the hosted registry says version 1, the log "
        f"says version 2 ({second[:12]}) (or a promotion was killed while another one ran)."
    )
    assert shown(azure, project.name) == {"1": (None, ["champion"]), "2": (None, ["champion"])}
    assert project.promote(third, force="the old one was a mistake").predicate.version == 3
    assert shown(azure, project.name) == {"1": (None, []), "2": (None, []), "3": (None, ["champion"])}


@pytest.mark.parametrize("stage", ["Archived", "Development"])
def test_a_stage_that_was_changed_by_hand_is_told(
    project: Project, azure: AzureFake, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = project.model("first")
    project.judged(path)
    project.promote(path, alias="Production")
    azure.models.change(project.name, "1", stage=stage)
    with caplog.at_level(logging.WARNING):
        head = project.registry.head(project.name)
    assert head.strays == {"Production": None}
    assert caplog.messages == [
        f"The alias 'Production' of {project.name!r} was removed, or its version deleted, by hand in the hosted "
        f"registry; the log says version 1 ({digest_path(path)[:12]})."
    ]


def test_a_champion_that_others_registered_is_compared_with_until_the_first_promotion(
    project: Project, azure: AzureFake
) -> None:
    theirs = stored(open_registry(LOCATION), "theirs")  # any place in the workspace's datastore
    place = f"azureml://datastores/workspaceblobstore/paths/mlops-actions/blobs/{theirs.sha256}"
    for uri in (f"{place}/model.joblib", place):
        fields = {"modelUri": uri, "modelType": "custom_model", "tags": {"champion": "true"}}
        azure.models.put(project.name, "7", {"properties": fields})
        found = resolve("@champion", project.registry_location, project.name)
        assert (found.sha256, found.version, found.path.read_text()) == (theirs.sha256, 7, "theirs")
        azure.models.remove(project.name, "7")
    azure.models.put(project.name, "7", {"properties": fields})
    ours = project.promoted("ours")
    (change,) = project.registry.history(project.name)
    assert (change.before and change.before.number, change.after.number, change.after.sha256) == (7, 8, ours)
    assert shown(azure, project.name) == {"7": (None, []), "8": (None, ["champion"])}
    assert project.registry.version(project.name, theirs.sha256) == project.registry.version(project.name, 7)


def test_a_champion_that_was_deleted_by_hand_is_gone_and_once_was(project: Project, azure: AzureFake) -> None:
    project.promoted("first")
    azure.models.remove(project.name, "1")
    with pytest.raises(AliasMissingError) as caught:
        resolve("@champion", project.registry_location, project.name)
    assert caught.value.ever_existed


def test_lists_that_lag_register_no_model_twice(project: Project, azure: AzureFake) -> None:
    azure.models.lag = 30
    for content in ("first", "second"):
        path = project.model(content)
        project.judged(path)
        assert project.promote(path, alias=f"alias-{content}").predicate.result == "pass"
    path = "build/first.joblib"
    assert project.promote(path, alias="third").predicate.version == 1
    assert sorted(shown(azure, project.name)) == ["1", "2"]


def test_every_page_of_a_list_is_read(project: Project, azure: AzureFake) -> None:
    azure.page = 1
    contents = ["first", "second", "third"]
    digests = [project.promoted(content) for content in contents]
    assert project.registry.head(project.name).versions == 3
    assert [project.registry.version(project.name, digest).number for digest in digests] == [1, 2, 3]  # type: ignore[union-attr]
    assert shown(azure, project.name)["3"] == (None, ["champion"])


def test_lost_answers_throttling_and_errors_of_the_server_cost_another_attempt(
    project: Project, azure: AzureFake
) -> None:
    project.promoted("first")
    azure.fail("PUT", "/versions/2$", done=True)
    azure.fail("PUT", "/versions/2$", 429, headers={"Retry-After": "0"})
    azure.fail("PUT", "/versions/1$", 503, done=True)
    azure.fail("GET", "/versions$", 502, times=2)
    second = project.promoted("second")
    assert not any(fault.times for fault in azure.faults)
    assert shown(azure, project.name) == {"1": (None, []), "2": (None, ["champion"])}
    assert project.champion() == second
    azure.faults.clear()
    azure.fail("GET", "/models/", 429, body={"error": {"code": "TooManyRequests", "message": "slow down"}}, times=9)
    with pytest.raises(OutsideError) as caught:
        project.registry.head(project.name)
    assert str(caught.value) == (
        "Azure failed 5 times in a row: status 429, slow down. Run this again when it answers."
    )


def test_of_many_candidates_exactly_one_wins_each_round_and_the_tag_follows(project: Project, azure: AzureFake) -> None:
    def follows(winner: dict[str, object]) -> bool:
        tagged = [number for number, (_, tags) in shown(azure, project.name).items() if "champion" in tags]
        return tagged == [str(winner["version"])]

    sources = str(Path(mlops_actions.__file__).parents[1])
    with racing_promoters({"PYTHONPATH": sources}) as promoters:
        raced = race_for_the_champion(project, promoters, 1, follows)
    assert (raced.won_by_one, raced.told, raced.kept) == (1, raced.losers, True)
    assert not project.registry.head(project.name).strays


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("azureml:a/b", "registry: the registry is 'azureml:a/b', which is no azureml:SUBSCRIPTION/GROUP/WORKSPACE."),
        (
            f"azureml:{SUBSCRIPTION}/{GROUP}/churn",
            f"there is no workspace 'churn' in the resource group '{GROUP}' of the subscription '{SUBSCRIPTION}': "
            "Azure knows no workspaces 'churn': The Resource 'Microsoft.MachineLearningServices/workspaces/churn' "
            f"under resource group '{GROUP}' was not found. Write azureml:SUBSCRIPTION/GROUP/WORKSPACE, as "
            "`az ml workspace show` says them.",
        ),
        (
            f"azureml:{SUBSCRIPTION}/other/{WORKSPACE}",
            f"there is no workspace '{WORKSPACE}' in the resource group 'other' of the subscription '{SUBSCRIPTION}': "
            f"Azure knows no workspaces '{WORKSPACE}': Resource group 'other' could not be found. Write "
            "azureml:SUBSCRIPTION/GROUP/WORKSPACE, as `az ml workspace show` says them.",
        ),
    ],
)
def test_a_wrong_workspace_is_no_workspace_without_a_champion(azure: AzureFake, location: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_registry(f"{location}#log=az://models/log").head("delay")
    assert str(caught.value) == message


def test_a_missing_right_is_named_and_nothing_has_changed(project: Project, azure: AzureFake) -> None:
    first = project.promoted("first")
    scope = f"{BASE}/models/{project.name}/versions/2"
    said = (
        "The client 'c1' with object id 'o1' does not have authorization to perform action "
        f"'Microsoft.MachineLearningServices/workspaces/models/versions/write' over scope '{scope}'."
    )
    azure.fail("PUT", "/versions/2$", 403, body={"error": {"code": "AuthorizationFailed", "message": said}}, times=9)
    path = project.model("second")
    project.judged(path)
    with pytest.raises(InputError) as caught:
        project.promote(path)
    assert str(caught.value) == (
        "Azure does not allow us to Microsoft.MachineLearningServices/workspaces/models/versions/write (status 403). "
        f"Give the identity a role with this action on the workspace '{WORKSPACE}'. Azure says: {said}"
    )
    assert TOKEN not in str(caught.value)
    assert project.champion() == first
    assert shown(azure, project.name) == {"1": (None, ["champion"])}


def test_a_name_that_azure_does_not_take_is_refused_before_anything_is_logged(project: Project) -> None:
    project.name = "flight.delay"
    path = project.model("first")
    project.judged(path, champion=None)
    with pytest.raises(InputError) as caught:
        project.promote(path)
    assert str(caught.value) == (
        "name: Azure ML takes no model called 'flight.delay'. Use letters, digits, hyphens and underscores."
    )
    assert project.registry.head(project.name).entry == 0


def test_microsofts_own_client_reads_what_we_wrote_and_we_what_it_wrote(project: Project, azure: AzureFake) -> None:
    client = microsofts_client(azure)
    project.promoted("first")
    second = project.promoted("second")
    project.promote("build/second.joblib", alias="Production")
    (found,) = client.model_versions.list(GROUP, WORKSPACE, project.name, tags="champion=true")
    assert (found.name, found.properties.stage) == ("2", "Production")
    assert found.properties.properties["mlops-actions.sha256"] == second
    one = client.model_versions.get(GROUP, WORKSPACE, project.name, "1")
    one.properties.tags = {**one.properties.tags, "champion": "true"}
    client.model_versions.create_or_update(GROUP, WORKSPACE, project.name, "1", one)
    assert project.registry.head(project.name).strays == {"champion": 1}


def test_the_schema_sees_a_word_that_azure_does_not_know(project: Project, azure: AzureFake) -> None:
    project.promoted("first")
    sent = next(one for one in azure.exchanges if one.method == "PUT")
    assert not violations([sent])
    sent.body["properties"]["modelUrl"] = "x"
    assert violations([sent]) == [
        f"PUT {BASE}/models/{project.name}/versions/1: properties: Additional properties are not allowed "
        "('modelUrl' was unexpected)"
    ]
    del sent.body["properties"]["modelUrl"]
