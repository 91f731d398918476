"""Which servers are spoken to, where a variable names another one than the public one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_actions.clouds.azure import Arm
from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.clouds.hub import Hub
from mlops_actions.clouds.wandb import Wandb
from mlops_actions.errors import InputError

SERVERS: dict[str, tuple[Callable[[], str], str]] = {
    "HF_ENDPOINT": (lambda: Hub().endpoint, "Set HF_TOKEN from a secret."),
    "WANDB_BASE_URL": (lambda: Wandb().url, "Set WANDB_API_KEY from a secret."),
    "AZURE_RESOURCE_MANAGER_ENDPOINT": (
        lambda: Arm(Credential()).endpoint,
        "Sign in to Azure by its own ways instead: docs/clouds.md lists them.",
    ),
}


@pytest.mark.parametrize("variable", SERVERS)
@pytest.mark.parametrize("given", ["bot:s3cret@", "s3cret@"])
def test_a_user_or_password_in_a_servers_address_is_refused_and_not_told(
    variable: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, hint = SERVERS[variable]
    monkeypatch.setenv(variable, f"https://{given}host.example/")
    with pytest.raises(InputError) as caught:
        address()
    assert str(caught.value) == f"the variable {variable} ('https://host.example/') holds a user or password. {hint}"


@pytest.mark.parametrize("variable", SERVERS)
def test_a_server_of_ones_own_is_taken_as_it_is_named(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "https://host.example/")
    assert SERVERS[variable][0]() == "https://host.example"
