"""AWS by boto3: credentials from its default chain, which refreshes them; refusals in words that name the right.

boto3 tries again what can be tried again (throttling, 5xx, no answer). Every write that is called through here may be
made twice without harm, by its nature or by the token that boto3 repeats with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlops_actions.errors import InputError, MlopsError, OutsideError, nearest
from mlops_actions.extras import require

_ATTEMPTS = 5
_CONNECT, _READ = 10, 60
"""Seconds."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset({
    "IncompleteSignature", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
})  # fmt: skip
_BUSY = frozenset({
    "RequestLimitExceeded", "ServiceUnavailable", "Throttling", "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
_NOT_THERE = re.compile("does not exist|could not find|not found", re.IGNORECASE)
_LOGIN = "Let aws-actions/configure-aws-credentials take a role before this step, or set AWS_ACCESS_KEY_ID and so on."
_RENEW = "Take the role again right before this step, for as long as it runs (role-duration-seconds)."


class NotThereError(OutsideError):
    """AWS says that it has no such thing."""


class AlreadyThereError(OutsideError):
    """AWS says that there is one of that name."""


@dataclass(frozen=True)
class Service:
    """One service of AWS in one region; nothing is asked before the first call."""

    name: str
    """As boto3 calls it, such as `sagemaker`."""
    region: str
    location: str
    """What needs it, as the user wrote it."""

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation, such as `describe_endpoint`.

        InputError where we may not ask, OutsideError where there is no good answer.
        """
        with self._failing():
            answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
        return answer

    def pages(self, operation: str, found: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """What an operation lists under the key `found`, over all its pages."""
        with self._failing():
            for page in self._client.get_paginator(operation).paginate(**parameters):
                yield from page[found]

    @cached_property
    def _client(self) -> Any:
        session = require("boto3.session", "aws", repr(self.location)).Session()
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region):
            raise InputError(
                f"{self.location!r} names the region {self.region!r}, and none of AWS is called so.",
                hint=nearest(self.region, session.get_available_regions(self.name)),
            )
        config = require("botocore.config", "aws", repr(self.location)).Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=_CONNECT,
            read_timeout=_READ,
        )
        return session.client(self.name, region_name=self.region, config=config)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        exceptions = require("botocore.exceptions", "aws", repr(self.location))
        try:
            yield
        except exceptions.ClientError as error:
            raise self._refused(error.operation_name, error.response) from None
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
            raise InputError(f"{self.location!r} needs credentials for AWS, and there are none.", hint=_LOGIN) from None
        except exceptions.ParamValidationError as error:
            raise InputError(f"{self.location!r}: AWS cannot be asked so: {error}.") from None
        except exceptions.EndpointConnectionError:
            raise OutsideError(
                f"nothing answers for {self.name} of AWS in the region {self.region!r}.",
                hint="Check the region and the network.",
            ) from None
        except exceptions.BotoCoreError as error:
            what = type(error).__name__
            raise OutsideError(
                f"{self.name} of AWS in {self.region!r} did not answer ({what}), tried {_ATTEMPTS} times.",
                hint="Run this again.",
            ) from None

    def _refused(self, operation: str, answer: Mapping[str, Any]) -> MlopsError:
        code = str(answer["Error"].get("Code", ""))
        words = str(answer["Error"].get("Message", "")).rstrip(".")[:300]
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _DENIED:
            return InputError(
                f"AWS does not allow what {self.location!r} needs: {self.name}:{operation} (status {status}).",
                hint="Give the role that right; docs/clouds.md has the whole policy.",
            )
        if code in _EXPIRED:
            return InputError(f"the credentials for AWS that {self.location!r} needs have expired.", hint=_RENEW)
        if code in _UNKNOWN:
            return InputError(f"AWS does not accept the credentials for {self.location!r} ({code}).", hint=_LOGIN)
        if code in _BUSY or status in (429, 503):
            return OutsideError(
                f"{self.name} of AWS throttles us ({code}), {_ATTEMPTS} times in a row.", hint="Run this again later."
            )
        if code == "ResourceLimitExceeded":
            return OutsideError(f"a quota of AWS is reached: {words}.", hint="Ask for more in Service Quotas.")
        if code == "ConflictException" or "already exist" in words.lower():
            return AlreadyThereError(f"AWS has it already: {words}.")
        if code in ("ResourceNotFound", "ValidationException", "ValidationError") and _NOT_THERE.search(words):
            return NotThereError(f"{self.name} of AWS in {self.region!r} has no such thing: {words}.")
        if status >= 500:
            return OutsideError(f"{self.name} of AWS failed {_ATTEMPTS} times ({code}).", hint="Run this again.")
        return OutsideError(f"AWS refused {self.name}:{operation}: {words} ({code}).")
