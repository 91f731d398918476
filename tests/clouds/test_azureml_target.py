"""A managed online endpoint as a canary's target: the contract, and how its traffic moves."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from azureml_client import microsofts_client
from azureml_fake import GROUP, WORKSPACE, AzureFake
from azureml_site import ENDPOINT, AzureSite
from mlops_actions.canary_deploy.action import run
from mlops_actions.errors import InputError, OutsideError
from target_contract import TargetContract
from target_site import Users, ask


class TestAzureMl(TargetContract):
    """Azure copies half of the requests at most."""

    def test_copies_go_to_the_candidate_and_users_hear_only_the_stable_side(self, site: AzureSite) -> None:  # type: ignore[override]
        target = site.mirroring()
        target.prepare()
        before = site.source().read()
        for percent, least, most in ((50, 25, 75), (0, 0, 0)):
            target.set_mirror(percent)
            assert site.mirroring().mirror() == percent
            site.candidate.answered.clear()
            assert ask(site.address, 100) == Counter(stable=100)
            assert least <= len(site.candidate.answered) <= most
        after = site.source().read()
        assert after.errors.canary == before.errors.canary, "copies are counted as users' requests"
        assert after.errors.baseline.total - before.errors.baseline.total == 200
        with pytest.raises(InputError, match=r"^Azure copies whole percents of the requests up to 50, not 60\.$"):
            target.set_mirror(60)


def test_a_change_of_traffic_carries_back_all_else_that_the_endpoint_has(site: AzureSite, azure: AzureFake) -> None:
    azure.endpoints.deployments[ENDPOINT, "purple"] = azure.endpoints.deployments[ENDPOINT, "blue"]
    azure.endpoints.change(ENDPOINT, mirrorTraffic={"purple": 10})
    before = {**site.properties, "traffic": {}}
    site.target().set_weight(20)
    assert site.properties["traffic"] == {"blue": 80, "green": 20}
    assert {**site.properties, "traffic": {}} == before
    assert azure.endpoints.endpoints[ENDPOINT]["tags"] == {"team": "retention"}


def test_copies_to_the_candidate_end_with_its_first_traffic(site: AzureSite, azure: AzureFake) -> None:
    azure.endpoints.change(ENDPOINT, mirrorTraffic={"green": 30})
    assert site.mirroring().mirror() == 30
    site.target().set_weight(5)
    assert (site.properties["mirrorTraffic"], site.properties["traffic"]["green"]) == ({}, 5)


@pytest.mark.parametrize("style", ["Azure-AsyncOperation", "none"])
def test_an_operation_is_waited_for_however_azure_tells_of_it(site: AzureSite, azure: AzureFake, style: str) -> None:
    azure.endpoints.style, azure.endpoints.seconds = style, 0.3
    began = time.monotonic()
    site.target().set_weight(20)
    assert time.monotonic() - began >= 0.3
    assert site.target().weight() == 20


def test_somebody_elses_running_change_is_waited_for_and_not_overwritten(site: AzureSite, azure: AzureFake) -> None:
    site.target().set_weight(20)
    azure.endpoints.begin_by_hand(ENDPOINT, 0.3, {"blue": 30, "green": 70})
    with pytest.raises(OutsideError, match="is 70 % instead of 20 %: somebody else changed it"):
        site.target().set_weight(50, expected=20)
    assert site.properties["traffic"] == {"blue": 30, "green": 70}


def test_a_change_whose_answer_was_lost_is_one_change(site: AzureSite, azure: AzureFake) -> None:
    azure.fail("PUT", f"/onlineEndpoints/{ENDPOINT}$", done=True)
    azure.fail("GET", "/operationsStatus/", 429, headers={"Retry-After": "0"})
    site.target().set_weight(20, expected=0)
    assert site.target().weight() == 20


def test_an_operation_that_fails_or_does_not_end_is_told(
    site: AzureSite, azure: AzureFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"status": "Failed", "error": {"code": "InternalError", "message": "The gateway is gone"}}
    azure.fail("GET", "/operationsStatus/", 200, body=said)
    with pytest.raises(OutsideError) as caught:
        site.target().set_weight(20)
    assert str(caught.value) == ("Azure failed to change the endpoint 'churn': InternalError: The gateway is gone.")
    monkeypatch.setattr("mlops_actions.canary_deploy.azureml_api._TRAFFIC_LIMIT", 0.2)
    azure.endpoints.seconds = 1
    with pytest.raises(OutsideError, match=r"^Azure did not change the endpoint 'churn' in time; it may still do so\."):
        site.target().set_weight(30)


def test_other_deployments_with_traffic_are_no_canary(site: AzureSite, azure: AzureFake) -> None:
    azure.endpoints.deployments[ENDPOINT, "purple"] = azure.endpoints.deployments[ENDPOINT, "blue"]
    azure.endpoints.change(ENDPOINT, {"blue": 60, "purple": 40})
    with pytest.raises(InputError) as caught:
        site.target().prepare()
    assert str(caught.value) == (
        "target: other deployments of the endpoint 'churn' have traffic: purple has 40 %. Nothing was changed. A "
        "canary needs all traffic on its two sides."
    )
    assert site.properties["traffic"] == {"blue": 60, "purple": 40}


def test_others_that_come_meanwhile_stop_the_rollout_and_keep_their_traffic_when_it_is_taken_back(
    site: AzureSite, azure: AzureFake
) -> None:
    azure.endpoints.deployments[ENDPOINT, "purple"] = azure.endpoints.deployments[ENDPOINT, "blue"]
    site.target().set_weight(20)
    azure.endpoints.change(ENDPOINT, {"blue": 50, "green": 20, "purple": 30})
    with pytest.raises(OutsideError, match=r"have traffic: purple has 30 %: somebody else changed the traffic of "):
        site.target().set_weight(50, expected=20)
    assert site.properties["traffic"] == {"blue": 50, "green": 20, "purple": 30}
    site.target().set_weight(0)
    assert site.properties["traffic"] == {"blue": 70, "green": 0, "purple": 30}


def test_copies_of_others_are_left_alone(site: AzureSite, azure: AzureFake) -> None:
    azure.endpoints.deployments[ENDPOINT, "purple"] = azure.endpoints.deployments[ENDPOINT, "blue"]
    azure.endpoints.change(ENDPOINT, mirrorTraffic={"purple": 10})
    with pytest.raises(InputError, match=r"'churn' copies requests to purple, and Azure to one only\. End these"):
        site.mirroring().set_mirror(10)
    site.mirroring().set_mirror(0)
    assert site.properties["mirrorTraffic"] == {"purple": 10}


def test_minutes_of_another_split_are_left_out_and_each_minute_is_counted_once(site: AzureSite) -> None:
    source = site.source()
    start = source.read()
    ask(site.address, 20)
    before = source.read()
    assert before.errors.baseline.total - start.errors.baseline.total == 20
    assert source.read().errors.baseline == before.errors.baseline
    site.target().set_weight(50)
    ask(site.address, 20)  # before the source has seen the new split
    assert source.read().errors.baseline == before.errors.baseline
    time.sleep(site.lag)
    answers = ask(site.address, 40)
    assert source.read().errors.canary.total == answers["candidate"]


def test_microsofts_own_client_moves_traffic_of_the_same_endpoint(site: AzureSite, azure: AzureFake) -> None:
    client = microsofts_client(azure)
    target = site.target()
    target.set_weight(20)
    found = client.online_endpoints.get(GROUP, WORKSPACE, ENDPOINT)
    assert dict(found.properties.traffic) == {"blue": 80, "green": 20}
    found.properties.traffic = {"blue": 90, "green": 10}
    done = client.online_endpoints.begin_create_or_update(GROUP, WORKSPACE, ENDPOINT, found).result()
    assert dict(done.properties.traffic) == {"blue": 90, "green": 10}
    with pytest.raises(OutsideError, match="is 10 % instead of 20 %"):
        target.set_weight(50, expected=20)
    body: dict[str, Any] = {"location": "westeurope", "properties": {"authMode": "Key"}}
    client.online_endpoints.begin_create_or_update(GROUP, WORKSPACE, "new", body).result()
    body = {"location": "westeurope", "properties": {"endpointComputeType": "Managed", "model": "azureml://x"}}
    made = client.online_deployments.begin_create_or_update(GROUP, WORKSPACE, "new", "blue", body).result()
    assert made.properties.provisioning_state == "Succeeded"
    client.online_deployments.begin_delete(GROUP, WORKSPACE, "new", "blue").result()
    assert azure.endpoints.deleted == ["blue"]


def test_latency_is_refused_as_monitor_has_percentiles_only(site: AzureSite) -> None:
    with Users(site.address, rate=50), pytest.raises(InputError) as caught:
        run(site.inputs(latency="100ms"))
    assert str(caught.value) == (
        "latency: latency was asked for, and what counts the requests does not time them. Name one that does as "
        "'metrics-source'; see the guide of canary-deploy."
    )
    assert site.properties["traffic"] == {"blue": 100}


def test_what_netrc_says_of_the_host_is_not_shown_instead_of_our_tokens(
    site: AzureSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert site.target().weight() == 0  # from Resource Manager
    assert site.target().probe("candidate").healthy  # from the deployment itself
