"""A SageMaker endpoint as the target and its metrics see it: its variants, and which models they serve."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.clouds.aws import NotThereError, Service
from mlops_actions.errors import InputError
from mlops_actions.registries.sagemaker import kept_digest

DIGEST = "mlops-actions:model-sha256"
"""The tag of a SageMaker model that tells which bytes it holds."""


def split_place(location: str, given: str) -> tuple[str, str]:
    """Region and endpoint of a location; `given` is the input that it stands in."""
    match = re.fullmatch(r"[a-z]+:([^/?]+)/([A-Za-z0-9-]+)(\?.*)?", location)
    if not match:
        raise InputError(
            f"the input {given!r} is {location!r}, which names no endpoint.",
            hint=f"Write {location.partition(':')[0]}:REGION/ENDPOINT.",
        )
    return match[1], match[2]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint by its name; each question is one request."""

    service: Service
    name: str

    def describe(self) -> dict[str, Any]:
        """Its status and its variants. OutsideError where there is none."""
        try:
            return self.service.call("describe_endpoint", EndpointName=self.name)
        except NotThereError:
            raise NotThereError(
                f"there is no SageMaker endpoint {self.name!r} in the region {self.service.region!r}.",
                hint="Check name, region and account.",
            ) from None

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Tell it how to split; it follows later."""
        desired = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
        self.service.call(
            "update_endpoint_weights_and_capacities", EndpointName=self.name, DesiredWeightsAndCapacities=desired
        )

    def digest(self, described: Mapping[str, Any], variant: str) -> str | None:
        """The SHA-256 of the model behind a variant: its model package's, or its tag's; None where neither tells."""
        config = self.service.call("describe_endpoint_config", EndpointConfigName=str(described["EndpointConfigName"]))
        names = [one["ModelName"] for one in config["ProductionVariants"] if one["VariantName"] == variant]
        if not names:
            return None
        model = self.service.call("describe_model", ModelName=names[0])
        containers = [model.get("PrimaryContainer"), *model.get("Containers", [])]
        packages = [one["ModelPackageName"] for one in containers if one and one.get("ModelPackageName")]
        for package in packages:
            found = self.service.call("describe_model_package", ModelPackageName=package)
            if digest := kept_digest(found):
                return digest
        tags = self.service.pages("list_tags", "Tags", ResourceArn=str(model["ModelArn"]))
        return next((str(tag["Value"]) for tag in tags if tag["Key"] == DIGEST), None)


def variants(described: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The variants of an endpoint by name."""
    return {one["VariantName"]: one for one in described.get("ProductionVariants", [])}
