"""Who we are for Azure: tokens from azure-identity, which reads the environment and refreshes them.

In a GitHub job with `id-token: write`, GitHub's own token is asked for anew each time: a rollout of many hours outlives
every token, and that of `azure/login` cannot be renewed once its assertion is old.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, cast

from mlops_actions.ci.credentials import bearer, secret
from mlops_actions.clouds.http import TIMEOUT, Again, patiently, reaching
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.extras import require

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

AUDIENCE = "api://AzureADTokenExchange"
"""Whom GitHub's token is for, as the federated credential of an application expects it."""
_WORDS = 200
_SETUP = (
    "In GitHub give the job `id-token: write` and set AZURE_CLIENT_ID and AZURE_TENANT_ID; elsewhere use `az login`, a "
    "managed identity, or AZURE_CLIENT_SECRET. See docs/clouds.md."
)


class Credential:
    """Tokens by scope; azure-identity keeps each until it is about to expire."""

    def token(self, scope: str) -> AccessToken:
        """One that is good for the scope, with its expiry. InputError where Azure does not know us."""
        chain = self._chain
        from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError

        try:
            return chain.get_token(scope)
        except ClientAuthenticationError as error:
            raise InputError(f"Azure gives us no token: {_reason(error.message)}.", hint=_SETUP) from None
        except (ServiceRequestError, ServiceResponseError) as error:
            raise OutsideError(f"Azure's sign-in does not answer ({type(error).__name__}).") from None

    @cached_property
    def _chain(self) -> TokenCredential:
        identity = require("azure.identity", "azure", "Azure")
        client, tenant = secret("AZURE_CLIENT_ID"), secret("AZURE_TENANT_ID")
        if not (client and tenant and secret("ACTIONS_ID_TOKEN_REQUEST_URL")):
            return cast("TokenCredential", identity.DefaultAzureCredential())
        # A cloud that is named need not be known to the public one.
        own = {"disable_instance_discovery": secret("AZURE_AUTHORITY_HOST") is not None}
        return cast("TokenCredential", identity.ClientAssertionCredential(tenant, client, _github_token, **own))


def _github_token() -> str:
    """The job's own identity, as GitHub signs it now."""
    import requests

    url, token = secret("ACTIONS_ID_TOKEN_REQUEST_URL") or "", secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN")

    def ask() -> str:
        with reaching("GitHub's token service"):
            answer = requests.get(url, params={"audience": AUDIENCE}, auth=bearer(token), timeout=TIMEOUT)
        if answer.status_code != 200:
            raise Again(f"status {answer.status_code}")
        return str(answer.json()["value"])

    return patiently("GitHub's token service", ask)


def _reason(message: str) -> str:
    """Microsoft's own code and sentence where it gave one; else nobody has signed in in any of the ways it lists."""
    given = re.search(r"AADSTS\d+: [^.]+", message)
    return " ".join(given[0].split())[:_WORDS] if given else "nobody has signed in here"
