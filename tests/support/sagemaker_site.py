"""SageMaker, S3 and CloudWatch by moto in this process, where moto does as AWS does, and hurt or late on order.

What moto does otherwise is put right here: a group is made once, a model package once for a token, a tag replaces the
one of its key, metadata are added to, and a change of weights takes a while.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.server import MotoRequestHandler
from werkzeug.serving import make_server

from moto_server import application

REGION = "eu-west-1"
BUCKET = "models"


class Quiet(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Logs no request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@dataclass
class Aws:
    """The server, and what it is ordered to do."""

    address: str = ""
    calls: list[str] = field(default_factory=list)
    """The operations of the JSON protocol, in order, such as `SageMaker.AddTags`."""
    orders: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    """Operation → statuses and error codes of its next answers; status 0 does what was asked and loses the answer."""
    unlisted: int = 0
    """How many of the newest model packages a list does not show yet."""
    looks_until_in_service: int = 0
    """How often an endpoint is described as updating after a change."""

    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 and obstore here."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ENDPOINT": self.address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def refuse(self, operation: str, status: int, code: str, times: int = 1) -> None:
        """Answer the next calls of an operation so, whatever they ask."""
        self.orders.setdefault(operation, []).extend([(status, code)] * times)

    def lose_the_answer_to(self, operation: str) -> None:
        """Do what the next call asks, and answer 500."""
        self.refuse(operation, 0, "InternalFailure")


@contextmanager
def aws_site() -> Iterator[Aws]:
    """The server, as long as it is needed."""
    aws = Aws()
    moto = application()

    def hurt(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        if target:
            aws.calls.append(target)
        if orders := aws.orders.get(target):
            status, code = orders.pop(0)
            if status == 0:
                moto(environ, lambda *_: None)
                status = 500
            body = json.dumps({"__type": code, "message": f"ordered {code}"}).encode()
            headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
            start_response(f"{status} Ordered", headers)
            return [body]
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, hurt, threaded=True, request_handler=Quiet)
    aws.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with _as_aws_does(aws):
        yield aws
    server.shutdown()
    thread.join()


@contextmanager
def _as_aws_does(aws: Aws) -> Iterator[None]:
    before = {
        name: getattr(SageMakerModelBackend, name)
        for name in (
            "create_model_package_group",
            "create_model_package",
            "list_model_packages",
            "add_tags",
            "update_model_package",
            "update_endpoint_weights_and_capacities",
            "describe_endpoint",
        )
    }
    made: dict[str, str] = {}
    late: dict[str, tuple[int, dict[str, float]]] = {}

    def create_group(self: Any, model_package_group_name: str, *given: Any, **more: Any) -> str:
        if model_package_group_name in self.model_package_groups:
            raise ValidationError(f"Model Package Group already exists: {model_package_group_name}")
        return str(before["create_model_package_group"](self, model_package_group_name, *given, **more))

    def create_package(self: Any, client_token: str, **given: Any) -> str:
        if client_token not in made:
            made[client_token] = before["create_model_package"](self, client_token=client_token, **given)
        return made[client_token]

    def list_packages(self: Any, **given: Any) -> Any:
        found, token = before["list_model_packages"](self, **given)
        newest = sorted((one.model_package_version or 0 for one in found), reverse=True)[: aws.unlisted]
        return [one for one in found if one.model_package_version not in newest], token

    def add_tags(self: Any, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        resource = self._get_resource_from_arn(arn)
        merged = {tag["Key"]: tag for tag in [*resource.tags, *tags]}
        resource.tags[:] = merged.values()
        return list(resource.tags)

    def update_model_package(self: Any, model_package_arn: str, **given: Any) -> str:
        name = self.model_package_name_mapping.get(model_package_arn, model_package_arn)
        package = self.model_packages.get(name)
        known = dict(package.customer_metadata_properties or {}) if package else {}
        given["customer_metadata_properties"] = known | (given.get("customer_metadata_properties") or {})
        given["model_approval_status"] = given.get("model_approval_status") or package.model_approval_status
        return str(before["update_model_package"](self, model_package_arn, **given))

    def update_weights(self: Any, endpoint_name: str, desired_weights_and_capacities: list[dict[str, Any]]) -> str:
        endpoint = self.endpoints.get(endpoint_name)
        was = {one["VariantName"]: one.get("CurrentWeight") or 0.0 for one in endpoint.production_variants}
        arn = before["update_endpoint_weights_and_capacities"](self, endpoint_name, desired_weights_and_capacities)
        if aws.looks_until_in_service:
            late[endpoint_name] = (aws.looks_until_in_service, was)
        return str(arn)

    def describe_endpoint(self: Any, endpoint_name: str) -> dict[str, Any]:
        found: dict[str, Any] = before["describe_endpoint"](self, endpoint_name)
        looks, was = late.get(endpoint_name, (0, {}))
        if not looks:
            return found
        late[endpoint_name] = (looks - 1, was)
        variants = [one | {"CurrentWeight": was[one["VariantName"]]} for one in found["ProductionVariants"]]
        return found | {"EndpointStatus": "Updating", "ProductionVariants": variants}

    mended = {
        "create_model_package_group": create_group,
        "create_model_package": create_package,
        "list_model_packages": list_packages,
        "add_tags": add_tags,
        "update_model_package": update_model_package,
        "update_endpoint_weights_and_capacities": update_weights,
        "describe_endpoint": describe_endpoint,
    }
    for name, function in mended.items():
        setattr(SageMakerModelBackend, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(SageMakerModelBackend, name, function)
