"""KServe in serverless mode: `kserve:NAMESPACE/NAME`, whose `canaryTrafficPercent` is the candidate's share.

`stable` is the revision of today, or `previous`; `candidate` the one that was deployed last, or `latest`. The share in
effect is what the InferenceService's status says of its traffic. KServe splits between the newest revision and the one
before, whatever they are: one that is deployed meanwhile would take over the candidate's share, and its evidence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.kubernetes_api import ConflictError, KubernetesApi
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.httproute import split_name
from mlops_actions.canary_deploy.targets.interface import Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.errors import InputError, OutsideError

Json = dict[str, Any]
ANNOTATION = "mlops-actions/model-sha256"
"""Where the InferenceService tells its latest model's digest."""
_EXAMPLE = "kserve:NAMESPACE/NAME"
_FOLLOW_LIMIT = 30.0
"""Seconds: KServe changes its traffic by way of Knative."""
_ATTEMPTS = 10
_PAUSE = 0.05


@dataclass
class KserveTarget:
    """Routes between the two newest revisions; see `Target`."""

    location: str
    services: Services
    api: KubernetesApi
    namespace: str
    name: str
    kind: str = "kserve"
    capabilities: Capabilities = field(default=Capabilities(least_weight=1, compare_and_swap=True, outlives_run=False))
    revision: str | None = None
    """The candidate's, as it was when the rollout began or went on; None where any is."""

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Check that the new revision is there and has no traffic yet."""
        found = self._read()
        revision = self._refuse_unfit(found)
        weights.refuse_unless_at_rest(self, "Deploy a new model with canaryTrafficPercent: 0")
        if found["spec"]["predictor"].get("canaryTrafficPercent") != 0:
            raise InputError(
                f"the InferenceService {self.name!r} has no canaryTrafficPercent: 0, so that its next model would get "
                "all traffic at once.",
                where="target",
                hint="Deploy the new model with `canaryTrafficPercent: 0` in spec.predictor.",
            )
        self.revision = revision

    def reach(self) -> None:
        """Whether it answers, and has two revisions."""
        self.revision = self._refuse_unfit(self._read())

    def weight(self) -> float:
        """The candidate's percentage in the status. InputError where another revision is the latest by now."""
        found = self._read()
        self._refuse_another(found)
        return _share(found)

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Patch `canaryTrafficPercent`, and wait until the status follows; none is set whatever the latest one is."""
        for _ in range(_ATTEMPTS):
            found = self._read()
            if percent > 0:
                self._refuse_another(found)
            if expected is not None:
                # The status lags behind what somebody else has asked for.
                asked = found["spec"]["predictor"].get("canaryTrafficPercent", percent)
                for share in (_share(found), asked):
                    if weights.differ(self, share, expected) and weights.differ(self, share, percent):
                        raise weights.moved(self, share, expected)
            version = found["metadata"]["resourceVersion"]
            change = {"canaryTrafficPercent": round(percent)}
            try:
                self.api.patch(self._path, {"metadata": {"resourceVersion": version}, "spec": {"predictor": change}})
            except ConflictError:
                # Mostly KServe, which writes its status after each change.
                time.sleep(_PAUSE)
                continue
            return weights.follow(replace(self, revision=None), percent, _FOLLOW_LIMIT)
        raise OutsideError(f"{self.location} was changed by others {_ATTEMPTS} times while its weight was to be set.")

    def probe(self, side: Side) -> servers.Probe:
        """What KServe says of a revision; the candidate's digest is an annotation."""
        found = self._read()
        conditions = {one["type"]: one for one in found.get("status", {}).get("conditions", [])}
        wanted = "PredictorReady" if side == "candidate" else "PredictorRouteReady"
        one = conditions.get(wanted, {})
        predictor = _predictor(found)
        latest = predictor.get("latestReadyRevision")
        if side == "candidate" and latest != predictor.get("latestCreatedRevision"):
            return servers.Probe(False, None, f"its revision {predictor.get('latestCreatedRevision')} is not ready")
        reported = found["metadata"].get("annotations", {}).get(ANNOTATION) if side == "candidate" else None
        return servers.Probe(
            one.get("status") == "True", servers.read_digest(reported), f"{wanted} is {one.get('status', 'not told')}"
        )

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    @property
    def _path(self) -> str:
        return f"/apis/serving.kserve.io/v1beta1/namespaces/{self.namespace}/inferenceservices/{self.name}"

    def _read(self) -> Json:
        return self.api.read(self._path)

    def _refuse_another(self, found: Json) -> None:
        latest = _predictor(found).get("latestReadyRevision")
        if self.revision and latest != self.revision:
            raise InputError(
                f"the InferenceService {self.name!r} got the revision {latest} while {self.revision} was judged; what "
                "was seen so far is not about it.",
                where="target",
                hint="Deploy nothing until a rollout has ended, then run a new one.",
            )

    def _refuse_unfit(self, found: Json) -> str:
        """The candidate's revision."""
        mode = found.get("status", {}).get("deploymentMode", "Serverless")
        if mode not in ("Serverless", "Knative"):
            raise InputError(
                f"the InferenceService {self.name!r} is deployed in the mode {mode}, where KServe splits no traffic.",
                where="target",
                hint="Use httproute: with the Gateway API instead.",
            )
        traffic = {one["revisionName"] for one in _predictor(found).get("traffic", [])}
        latest = _predictor(found).get("latestReadyRevision")
        others = traffic - {latest}
        if not latest or len(others) != 1:
            raise InputError(
                f"the InferenceService {self.name!r} has no two revisions to split between: its traffic goes to "
                f"{', '.join(sorted(traffic)) or 'none'}.",
                where="target",
                hint="Deploy the new model with `canaryTrafficPercent: 0` in spec.predictor.",
            )
        known: dict[Side, set[str]] = {"stable": {*others, "previous"}, "candidate": {latest, "latest"}}
        for side, names in known.items():
            if self.services.of(side) not in names:
                raise InputError(
                    f"the input {side!r} is {self.services.of(side)!r}; for the InferenceService {self.name!r} it is "
                    f"{' or '.join(sorted(names))}.",
                )
        return str(latest)


def open_target(location: str, services: Services) -> KserveTarget:
    """`kserve:NAMESPACE/NAME?context=NAME`; nothing is reached yet."""
    place, found = split_parameters(location, _EXAMPLE, {"context": "current"})
    namespace, name = split_name(location, place, _EXAMPLE)
    context = None if found["context"] == "current" else found["context"]
    return KserveTarget(location, services, KubernetesApi(context), namespace, name)


def _predictor(found: Json) -> Json:
    predictor: Json = found.get("status", {}).get("components", {}).get("predictor", {})
    return predictor


def _share(found: Json) -> float:
    predictor = _predictor(found)
    traffic = predictor.get("traffic", [])
    if not traffic:
        raise OutsideError(f"the InferenceService {found['metadata']['name']!r} has no traffic in its status.")
    latest = predictor.get("latestReadyRevision")
    return float(sum(one.get("percent", 0) for one in traffic if one["revisionName"] == latest))
