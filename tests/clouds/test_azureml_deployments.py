"""The deployments of an endpoint: started, asked for their health and model, and deleted when that is asked for."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from azureml_endpoints import KEY
from azureml_fake import BASE, TOKEN, WORKSPACE, AzureFake
from azureml_site import ENDPOINT, AzureSite
from canary_site import MODEL
from mlops_actions.canary_deploy.action import run
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets import open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from target_site import Users


def test_a_deployments_digest_is_what_it_says_or_else_that_of_its_registered_model(
    site: AzureSite, azure: AzureFake
) -> None:
    digest = digest_bytes(MODEL)
    noted = {"mlops-actions.sha256": digest, "mlops-actions.suffix": ".joblib"}
    place = "azureml://subscriptions/0/resourcegroups/m/workspaces/w/datastores/d/paths/"
    kept = {"modelUri": f"{place}mlops-actions/blobs/{digest}/model.joblib", "properties": noted}
    azure.models.put("churn", "3", {"properties": kept})
    azure.models.put("churn", "4", {"properties": kept | {"modelUri": f"{place}elsewhere/model.joblib"}})
    azure.endpoints.deployments[ENDPOINT, "green"]["properties"]["model"] = f"{BASE}/models/churn/versions/3"
    site.candidate.sha256 = "b" * 64
    assert site.target().probe("candidate") == Probe(True, "b" * 64, "status 200")
    site.candidate.sha256 = None
    assert site.target().probe("candidate") == Probe(True, digest, "status 200")
    azure.endpoints.deployments[ENDPOINT, "green"]["properties"]["model"] = f"{BASE}/models/churn/versions/4"
    assert site.target().probe("candidate") == Probe(True, None, "status 200"), "anybody could have noted that"
    azure.endpoints.deployments[ENDPOINT, "green"]["properties"]["provisioningState"] = "Failed"
    assert site.target().probe("candidate") == Probe(False, None, "Azure says that it is Failed")
    del azure.endpoints.deployments[ENDPOINT, "green"]
    assert site.target().probe("candidate") == Probe(False, None, "the endpoint has no deployment 'green'")


@pytest.mark.parametrize(
    ("endpoint", "candidate", "message"),
    [
        (
            "chrun",
            "green",
            "target: the workspace 'churn-ml' has no online endpoint 'chrun'. Make it with "
            "`az ml online-endpoint create`.",
        ),
        (
            ENDPOINT,
            "gren",
            "candidate: the input 'candidate' is 'gren', and the endpoint 'churn' has no such deployment.",
        ),
    ],
)
def test_a_wrong_name_is_told(site: AzureSite, endpoint: str, candidate: str, message: str) -> None:
    location = site.location.removesuffix(ENDPOINT) + endpoint
    with pytest.raises(InputError) as caught:
        open_target(location, replace(site.services(), candidate=candidate)).prepare()
    assert str(caught.value) == message


def test_a_missing_right_is_named_without_the_token_and_traffic_is_as_it_was(
    site: AzureSite, azure: AzureFake, caplog: pytest.LogCaptureFixture
) -> None:
    azure.fail("PUT", "/onlineEndpoints/", 403, body={"error": {"code": "AuthorizationFailed", "message": ""}})
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError) as caught:
        site.target().set_weight(20)
    assert str(caught.value).startswith(
        "Azure does not allow us to Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write (status 403). "
        f"Give the identity a role with this action on the workspace '{WORKSPACE}'."
    )
    site.target().probe("candidate")
    told = "\n".join([str(caught.value), *caplog.messages])
    assert TOKEN not in told
    assert KEY not in told
    assert site.properties["traffic"] == {"blue": 100}


def test_tokens_are_asked_for_again_in_a_long_rollout_and_an_old_one_is_told(site: AzureSite, azure: AzureFake) -> None:
    target = site.target()
    azure.token_seconds = 1  # as good as over, so that each question needs another one
    target.weight()
    target.weight()
    assert azure.tokens > 1
    azure.token_seconds = 3600
    target.weight()
    azure.expired = {f"{TOKEN}-{number}" for number in range(100)}
    with pytest.raises(InputError) as caught:
        target.weight()
    assert str(caught.value) == (
        "Azure does not accept our token (status 401): The access token has expired. It is expired, or of another "
        "tenant or cloud: sign in anew, and check AZURE_TENANT_ID."
    )


def test_nobody_signed_in_is_told(site: AzureSite, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    with pytest.raises(InputError) as caught:
        site.target().weight()
    assert str(caught.value).endswith(
        "In GitHub give the job `id-token: write` and set AZURE_CLIENT_ID and AZURE_TENANT_ID; elsewhere use "
        "`az login`, a managed identity, or AZURE_CLIENT_SECRET. See docs/clouds.md."
    )
    assert str(caught.value).startswith("Azure gives us no token: nobody has signed in here. ")


def test_a_candidate_is_started_beside_the_champion_rolled_out_and_the_old_one_deleted_when_asked(
    site: AzureSite, azure: AzureFake
) -> None:
    del azure.endpoints.deployments[ENDPOINT, "green"]
    declared = site.folder / "green.yml"
    declared.write_text(
        "name: green\nendpoint_name: churn\nmodel: azureml:churn:3\nenvironment: azureml:serving:2\n"
        "instance_type: Standard_DS3_v2\ninstance_count: 2\nliveness_probe: {initial_delay: 10, period: 5}\n"
        "request_settings: {request_timeout_ms: 1500}\n"
    )
    location = f"{site.location}?deployment={declared}&idle=delete"
    with Users(site.address, rate=50) as users:
        rollout = run(site.inputs(target=location, steps=[50, 100], error_margin=0.9)).predicate
    assert (rollout.result, rollout.outcome) == ("pass", "promoted"), rollout.reasons
    made = azure.endpoints.deployments[ENDPOINT, "green"]
    assert made["sku"] == {"name": "Default", "capacity": 2}
    assert made["properties"] == {
        "endpointComputeType": "Managed",
        "model": f"{BASE}/models/churn/versions/3",
        "environmentId": f"{BASE}/environments/serving/versions/2",
        "instanceType": "Standard_DS3_v2",
        "livenessProbe": {"initialDelay": "PT10S", "period": "PT5S"},
        "requestSettings": {"requestTimeout": "PT1.5S"},
        "scaleSettings": {"scaleType": "Default"},
        "provisioningState": "Succeeded",
    }
    assert site.properties["traffic"] == {"blue": 0, "green": 100}
    assert azure.endpoints.deleted == []
    assert set(users.answers) == {"stable", "candidate"}
    run(site.inputs(mode="stop"))
    assert azure.endpoints.deleted == [], "nobody asked for it"
    run(site.inputs(target=location, mode="stop"))
    assert azure.endpoints.deleted == ["blue"]


def test_a_candidate_that_does_not_start_is_refused_with_its_last_words(
    site: AzureSite, azure: AzureFake, caplog: pytest.LogCaptureFixture
) -> None:
    declared = site.folder / "green.yml"
    declared.write_text("model: azureml:churn:3\ninstance_type: Standard_DS3_v2\n")
    azure.endpoints.failing["green"] = {"code": "ResourceNotReady", "message": "User container has crashed."}
    with caplog.at_level(logging.WARNING):
        rollout = run(site.inputs(target=f"{site.location}?deployment={declared}")).predicate
    (reason,) = rollout.reasons
    assert (rollout.result, rollout.outcome, reason.code) == ("fail", "refused", "candidate-not-started")
    assert reason.message == (
        "Azure failed to start the deployment 'green': ResourceNotReady: User container has crashed. "
        "Its log ends: ValueError: cannot read the model"
    )
    assert caplog.messages[-2:] == ["green | line 99 of green", "green | ValueError: cannot read the model"]
    assert len(caplog.messages) == 20
    assert site.properties["traffic"] == {"blue": 100}


def test_a_candidate_with_traffic_is_not_replaced(site: AzureSite) -> None:
    site.set_by_hand(10)
    declared = site.folder / "green.yml"
    declared.write_text("model: azureml:churn:3\ninstance_type: Standard_DS3_v2\n")
    with pytest.raises(InputError) as caught:
        run(site.inputs(target=f"{site.location}?deployment={declared}"))
    assert str(caught.value) == (
        "candidate: the deployment 'green' has 10 % of the traffic, so it is not replaced. Let 'candidate' name one "
        "that is free."
    )


@pytest.mark.parametrize("when", ["asked", "begun"])
def test_a_quota_that_is_used_up_is_no_fault_of_the_model(site: AzureSite, azure: AzureFake, when: str) -> None:
    declared = site.folder / "green.yml"
    declared.write_text("model: azureml:churn:3\ninstance_type: Standard_DS3_v2\n")
    used = {"code": "OutOfQuota", "message": "Not enough cores of Standard_DS3_v2"}
    if when == "begun":
        azure.endpoints.failing["green"] = used
    else:
        azure.fail("PUT", "/deployments/green$", 400, body={"error": used})
    with pytest.raises(OutsideError) as caught:
        run(site.inputs(target=f"{site.location}?deployment={declared}"))
    told = {
        "begun": "Azure failed to start the deployment 'green': OutOfQuota: Not enough cores of Standard_DS3_v2.",
        "asked": "Azure has no quota left for "
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/write: "
        "Not enough cores of Standard_DS3_v2.",
    }
    assert str(caught.value) == (
        f"{told[when]} Ask for more in the portal, delete what is idle, or take another `instance_type`; nothing was "
        "changed."
    )
    assert site.properties["traffic"] == {"blue": 100}


def test_an_api_that_throttles_for_good_is_told_and_traffic_is_as_it_was(site: AzureSite, azure: AzureFake) -> None:
    said = {"error": {"code": "TooManyRequests", "message": "Rate limit of writes is exceeded"}}
    azure.fail("PUT", "/onlineEndpoints/", 429, body=said, headers={"Retry-After": "0"}, times=5)
    with pytest.raises(OutsideError) as caught:
        site.target().set_weight(20)
    assert str(caught.value) == (
        "Azure failed 5 times in a row: status 429, Rate limit of writes is exceeded. Run this again when it answers."
    )
    assert site.properties["traffic"] == {"blue": 100}


def test_an_endpoint_that_cannot_be_reached_in_its_region_is_an_unhealthy_candidate(
    site: AzureSite, azure: AzureFake
) -> None:
    azure.endpoints.change(ENDPOINT, scoringUri="http://127.0.0.1:1/score")
    assert site.target().probe("candidate") == Probe(False, None, "no HTTP answer (ConnectionError)")
