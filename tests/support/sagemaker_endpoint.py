"""An endpoint of SageMaker with variants, in the stand-in of AWS."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import boto3

from mlops_actions.canary_deploy.targets import Services, Target, open_target
from sagemaker_site import REGION, Aws

ROLE = "arn:aws:iam::123456789012:role/serve"


class EndpointSite:
    """An endpoint with two variants, as its administrator made it."""

    def __init__(self, aws: Aws, candidate_weight: float = 0, variants: tuple[str, ...] = ("blue", "green")) -> None:
        self.aws = aws
        self.client = boto3.client("sagemaker", region_name=REGION)
        self.name = f"flights-{secrets.token_hex(4)}"
        for variant in variants:
            container = {"Image": "image", "ModelDataUrl": "s3://models/m.tar.gz"}
            self.client.create_model(ModelName=self.model(variant), ExecutionRoleArn=ROLE, PrimaryContainer=container)
        self.client.create_endpoint_config(
            EndpointConfigName=self.name, ProductionVariants=[self.variant(one, candidate_weight) for one in variants]
        )
        self.client.create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)

    def model(self, variant: str) -> str:
        return f"{self.name}-{variant}"

    def variant(self, name: str, candidate_weight: float) -> dict[str, Any]:
        weight = 100 - candidate_weight if name == "blue" else candidate_weight
        return {
            "VariantName": name, "ModelName": self.model(name), "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1, "InitialVariantWeight": weight,
        }  # fmt: skip

    @property
    def location(self) -> str:
        return f"sagemaker:{REGION}/{self.name}"

    def services(self, stable: str = "blue", candidate: str = "green") -> Services:
        return Services(stable, candidate, "/healthz", 1, Path("state"))

    def target(self, query: str = "", **names: str) -> Target:
        return open_target(f"{self.location}{query}", self.services(**names))

    def set_by_hand(self, percent: float) -> None:
        weights = [{"VariantName": "blue", "DesiredWeight": 100 - percent}]
        weights += [{"VariantName": "green", "DesiredWeight": percent}]
        self.client.update_endpoint_weights_and_capacities(EndpointName=self.name, DesiredWeightsAndCapacities=weights)
