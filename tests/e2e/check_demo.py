"""Checks what `make demo` did from what it left behind, not from what it printed.

    python tests/e2e/check_demo.py examples/flight-delay

reads the registry, the proxy's weights as the demo read them, the statements and the models' own bytes. Whether the
champion's rule passed is worked out again here from the recorded estimates, by scipy.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from scipy import stats

from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.statement import Predicate
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.registries import open_registry

NAME, CONFIDENCE, RULE = "flight-delay", 0.95, "roc_auc > champion"
P = TypeVar("P", bound=Predicate)
Check = tuple[str, bool]


def main() -> int:
    demo = Demo(Path(sys.argv[1]))
    failed = 0
    for sentence, holds in demo.checks():
        sys.stdout.write(f"{'ok    ' if holds else 'FAILED'}  {sentence}\n")
        failed += not holds
    return min(failed, 1)


class Demo:
    """The folder of the example after `make demo`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = EvidenceStore(folder / "mlops-evidence")
        self.registry = open_registry(f"file:{folder / 'registry'}")
        self.models = {path.stem: digest(path) for path in (folder / "build").glob("*.joblib")}
        self.ever_champion = [
            change.after.sha256 for change in self.registry.history(NAME) if change.alias == "champion"
        ]

    def checks(self) -> Iterator[Check]:
        yield from self.registry_names_the_champion()
        for model in ("weather", "boosting", "fragile"):
            yield from self.verdict_follows_from_the_estimates(model)
        yield from self.weather_went_live()
        yield from self.boosting_needs_more_data()
        yield from self.leaky_was_refused()
        yield from self.fragile_was_rolled_back()
        weights = json.loads((self.folder / "build" / "weights.json").read_bytes())
        yield (
            "the proxy held all traffic on weather, and none on fragile",
            weights == {"weather": 100.0, "fragile": 0.0},
        )

    def registry_names_the_champion(self) -> Iterator[Check]:
        champion = self.registry.head(NAME).aliases.get("champion")
        yield "champion is the very file of weather", champion is not None and champion.sha256 == self.models["weather"]
        expected = [self.models["schedule"], self.models["weather"]]
        yield "champion was schedule, then weather, and never another", self.ever_champion == expected

    def verdict_follows_from_the_estimates(self, model: str) -> Iterator[Check]:
        verdict, evaluation = self.latest(Verdict, model), self.latest(Evaluation, model)
        yield f"{model}: was evaluated and judged", bool(verdict and evaluation)
        if verdict and evaluation:
            outcomes = [rule.result for rule in verdict.rules if rule.rule == RULE]
            expected = judged(evaluation.differences["roc_auc"])
            yield f"{model}: '{RULE}' is {expected} on the recorded estimates", outcomes == [expected]

    def weather_went_live(self) -> Iterator[Check]:
        verdict, rollout = self.latest(Verdict, "weather"), self.latest(Rollout, "weather")
        yield "weather: passed the gate", verdict is not None and verdict.result == "pass"
        yield (
            "weather: the proxy gave it all traffic, in rising steps",
            rollout is not None
            and (
                (rollout.outcome, rollout.identity, rollout.result) == ("promoted", "verified", "pass")
                and rollout.weights == sorted(rollout.weights)
                and rollout.weights[-1] == 100
            ),
        )
        aliases = {promotion.alias for promotion in self.all(Promotion, "weather") if promotion.changed}
        yield "weather: was promoted as challenger, then as champion", aliases == {"challenger", "champion"}

    def boosting_needs_more_data(self) -> Iterator[Check]:
        verdict = self.latest(Verdict, "boosting")
        rules = [rule for rule in verdict.rules if rule.rule == RULE] if verdict else []
        yield "boosting: is inconclusive", verdict is not None and verdict.result == "inconclusive"
        needs = [rule.rows_needed or rule.clusters_needed for rule in rules]
        yield "boosting: is told how much more data would settle it", bool(needs) and all(needs)
        yield "boosting: was promoted nowhere", self.nowhere("boosting")

    def leaky_was_refused(self) -> Iterator[Check]:
        unavailable = [
            column for report in self.store.find(DataReport) for column in report.statement.predicate.unavailable
        ]
        yield "leaky: the data's report says that dep_delay is not available", "dep_delay" in unavailable
        features = [column for evaluation in self.all(Evaluation, "leaky") for column in evaluation.features]
        yield "leaky: never saw dep_delay", "dep_delay" not in features
        yield "leaky: passed no gate", all(verdict.result != "pass" for verdict in self.all(Verdict, "leaky"))
        yield "leaky: was promoted nowhere", self.nowhere("leaky")

    def fragile_was_rolled_back(self) -> Iterator[Check]:
        verdict, rollout = self.latest(Verdict, "fragile"), self.latest(Rollout, "fragile")
        yield "fragile: passed the gate", verdict is not None and verdict.result == "pass"
        yield (
            "fragile: was rolled back to no traffic",
            rollout is not None
            and ((rollout.outcome, rollout.result, rollout.weights[-1]) == ("rolled-back", "fail", 0)),
        )
        yield "fragile: never became champion", self.models["fragile"] not in self.ever_champion

    def latest(self, kind: type[P], model: str) -> P | None:
        found = self.store.latest(kind, self.models[model])
        return found.statement.predicate if found else None

    def all(self, kind: type[P], model: str) -> list[P]:
        return [found.statement.predicate for found in self.store.find(kind, self.models[model])]

    def nowhere(self, model: str) -> bool:
        promoted = any(promotion.changed for promotion in self.all(Promotion, model))
        return not promoted and self.models[model] not in self.ever_champion


def judged(difference: EstimateRecord) -> str:
    """What the rule is worth on a difference of AUC: its one-sided bounds against nought."""
    if difference.value is None or not difference.se:
        return "inconclusive"
    quantile = stats.norm.ppf(CONFIDENCE) if difference.df is None else stats.t.ppf(CONFIDENCE, difference.df)
    if difference.value - quantile * difference.se > 0:
        return "pass"
    return "fail" if difference.value + quantile * difference.se <= 0 else "inconclusive"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
