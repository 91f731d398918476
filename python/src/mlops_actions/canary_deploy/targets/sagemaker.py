"""A SageMaker endpoint, `sagemaker:REGION/ENDPOINT`, whose traffic is split by its variants' weights.

`stable` and `candidate` are two variants of the endpoint. SageMaker does what it is told some seconds later: the share
in effect is what `CurrentWeight` says. There is no compare-and-swap, so the weight is read again before each change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.sagemaker_api import Endpoint, split_place, variants
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.clouds.aws import Service
from mlops_actions.errors import InputError, MlopsError, OutsideError

_EXAMPLE = "sagemaker:REGION/ENDPOINT"
_FOLLOW_LIMIT = 900.0
"""Seconds: a change of weights is mostly done within one minute; one of instances takes longer."""
_SHOWN_LIMIT = 60.0
"""Seconds for which an endpoint that is in service may show weights that it was told to change."""
_PAUSE = 2.0
_CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
_NOT_READY = frozenset({"Creating", "Deleting"})
"""Phases of a variant."""
_TYPES = {".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonlines"}


@dataclass(frozen=True)
class SageMakerTarget:
    """Routes between two variants; see `Target`."""

    location: str
    services: Services
    endpoint: Endpoint
    runtime: Service
    """Invokes the endpoint."""
    request: Path | None
    """A file with a request that a healthy variant answers; None where only SageMaker is asked."""
    kind: str = "sagemaker"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Check that both variants are there, and nothing else, and that the candidate has no traffic yet."""
        self._refuse_unfit(self._settled())
        weights.refuse_unless_at_rest(self, "Deploy the candidate's variant with an initial weight of 0")

    def reach(self) -> None:
        """Whether it answers, and has the two variants."""
        self._refuse_unfit(self.endpoint.describe())

    def weight(self) -> float:
        """The candidate's part of the weights in effect."""
        return self._share(self.endpoint.describe())

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Wait until nobody else's change is under way, set the weights, and wait until they are in effect."""
        self._settled()
        weights.refuse_moved(self, expected, percent)
        stable, candidate = self.services.stable, self.services.candidate
        self.endpoint.set_weights({stable: 100 - percent, candidate: percent})
        found = self._share(self._settled(lambda share: not weights.differ(self, share, percent)))
        if weights.differ(self, found, percent):
            raise weights.moved(self, found, percent)

    def probe(self, side: Side) -> servers.Probe:
        """What SageMaker says of a variant and its model, and what it answers to the request that was given."""
        name = self.services.of(side)
        described = self.endpoint.describe()
        status = described["EndpointStatus"]
        variant = variants(described).get(name)
        if variant is None:
            return servers.Probe(False, None, f"the endpoint has no variant {name!r}")
        phases = {one["Status"] for one in variant.get("VariantStatus", [])}
        if status not in ("InService", "Updating") or phases & _NOT_READY:
            detail = f"the endpoint is {status}, the variant {', '.join(sorted(phases)) or 'in no phase'}"
            return servers.Probe(False, None, detail)
        if variant.get("CurrentInstanceCount") == 0:
            return servers.Probe(False, None, "the variant has no instance")
        digest = servers.read_digest(self.endpoint.digest(described, name))
        if self.request is None:
            return servers.Probe(True, digest, f"the endpoint is {status}")
        try:
            self.runtime.call(
                "invoke_endpoint",
                EndpointName=self.endpoint.name,
                TargetVariant=name,
                ContentType=_TYPES.get(self.request.suffix, "application/octet-stream"),
                Body=_content(self.request),
            )
        except MlopsError as error:
            return servers.Probe(False, digest, f"it does not answer {str(self.request)!r}: {error.message}")
        return servers.Probe(True, digest, f"it answers {str(self.request)!r}")

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    def _settled(self, done: Callable[[float], bool] = lambda _: True) -> dict[str, Any]:
        """The endpoint once no change is under way any more, and the share in effect is the one that is waited for.

        It is shown as before for a moment after a change. OutsideError where the change fails or takes too long.
        """
        began = time.monotonic()
        while True:
            found, waited = self.endpoint.describe(), time.monotonic() - began
            status = found["EndpointStatus"]
            if status == "InService" and (done(self._share(found)) or waited > _SHOWN_LIMIT):
                return found
            if status != "InService" and status not in _CHANGING:
                why = str(found.get("FailureReason", "no reason given")).rstrip(".")[:300]
                raise OutsideError(f"{self.location} is {status}: {why}.", hint="See its logs in CloudWatch.")
            if waited > _FOLLOW_LIMIT:
                raise OutsideError(f"{self.location} is {status} for more than {_FOLLOW_LIMIT:g} s.")
            time.sleep(_PAUSE)

    def _share(self, described: Mapping[str, Any]) -> float:
        found = {name: float(one.get("CurrentWeight") or 0) for name, one in variants(described).items()}
        whole = sum(found.values())
        if not whole:
            raise OutsideError(f"{self.location} gives no variant any traffic: all weights are 0.")
        return 100 * found.get(self.services.candidate, 0) / whole

    def _refuse_unfit(self, described: Mapping[str, Any]) -> None:
        names = sorted(variants(described))
        for side in SIDES:
            if self.services.of(side) not in names:
                raise InputError(
                    f"the input {side!r} is {self.services.of(side)!r}; {self.location} has the variants "
                    f"{', '.join(names)}."
                )
        if len(names) != 2 or self.services.stable == self.services.candidate:
            raise InputError(
                f"{self.location} splits its traffic between {', '.join(names)}; a canary compares two variants.",
                where="target",
                hint="Update the endpoint to a configuration with the stable variant and the candidate's.",
            )


def open_target(location: str, services: Services) -> SageMakerTarget:
    """`sagemaker:REGION/ENDPOINT?request=FILE`; nothing is reached yet."""
    region, name = split_place(location, "target")
    _, found = split_parameters(location, _EXAMPLE, {"request": "none"})
    request = None if found["request"] == "none" else Path(found["request"])
    if request and not request.is_file():
        raise InputError(f"the request {found['request']!r} is no file.", where="target")
    endpoint = Endpoint(Service("sagemaker", region, location), name)
    return SageMakerTarget(location, services, endpoint, Service("sagemaker-runtime", region, location), request)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the request {str(path)!r} cannot be read: {error.strerror}.", where="target") from None
