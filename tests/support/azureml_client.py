"""Microsoft's own client (azure-ai-ml) before the stand-in for Azure."""

from __future__ import annotations

import warnings
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import HeadersPolicy

from azureml_fake import SUBSCRIPTION, AzureFake

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own libraries warn of each other
    from azure.ai.ml._restclient.arm_ml_service import MachineLearningServicesMgmtClient


class _Credential:
    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("of-the-client", 1 << 40)


def microsofts_client(azure: AzureFake) -> Any:
    """The REST client inside it, which asks after operations as often as the tests need."""
    return MachineLearningServicesMgmtClient(
        _Credential(),
        SUBSCRIPTION,
        base_url=azure.url,
        polling_interval=0.02,
        authentication_policy=HeadersPolicy({"Authorization": "Bearer of-the-client"}),
    )
