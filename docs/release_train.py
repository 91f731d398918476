"""Draws the picture of the README from what `make demo` left behind.

Run: python docs/release_train.py examples/flight-delay > docs/release-train.svg
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment

from mlops_actions.evidence import EvidenceStore, Predicate, digest_path
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.verdict import Verdict

MODELS = ("weather", "boosting", "leaky", "fragile")
STAGES = ("validate-data", "evaluate-model", "quality-gate", "canary-deploy", "champion")
COLOURS = {"pass": "#1a7f37", "fail": "#b3261e", "inconclusive": "#8a5a00", "": "#8b929c"}

P = TypeVar("P", bound=Predicate)
Cell = tuple[str, str]
"""An outcome and up to two lines of text."""

TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {{ 60 + rows | length * 66 }}" role="img" \
aria-label="{{ alternative }}" font-family="system-ui, sans-serif">
<rect width="100%" height="100%" rx="8" fill="#ffffff"/>
{% for stage in stages %}
<text x="{{ 130 + loop.index0 * 154 }}" y="32" font-size="13" font-weight="600" fill="#1c1e21">{{ stage }}</text>
{% endfor %}
{% for name, cells in rows %}
{% set y = 60 + loop.index0 * 66 %}
<text x="20" y="{{ y + 28 }}" font-size="15" font-weight="600" fill="#1c1e21">{{ name }}</text>
{% for outcome, text in cells %}
{% set x = 130 + loop.index0 * 154 %}
{% set colour = colours[outcome] %}
{% set tint = 0.12 if outcome else 0.04 %}
<rect x="{{ x }}" y="{{ y }}" width="144" height="52" rx="6" fill="{{ colour }}" fill-opacity="{{ tint }}"/>
<text x="{{ x + 10 }}" y="{{ y + 21 }}" font-size="13" font-weight="600" fill="{{ colour }}">{{ outcome or "–" }}</text>
<text x="{{ x + 10 }}" y="{{ y + 40 }}" font-size="12" fill="#1c1e21">{{ text }}</text>
{% endfor %}
{% endfor %}
</svg>
"""


def main() -> None:
    """Write the picture of one demo to stdout."""
    demo = Demo(Path(sys.argv[1]))
    rows = [(name, demo.cells(name)) for name in MODELS]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{outcome} {text}".strip() for outcome, text in cells) for name, cells in rows
    )
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    picture = environment.from_string(TEMPLATE).render(rows=rows, stages=STAGES, colours=COLOURS, alternative=said)
    sys.stdout.write(picture + "\n")


class Demo:
    """The example's folder after `make demo`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = EvidenceStore(folder / "mlops-evidence")

    def cells(self, name: str) -> list[Cell]:
        """What each stage said of one model; an empty outcome where it never came so far."""
        sha256 = digest_path(self.folder / "build" / f"{name}.joblib")
        evaluation, verdict = self.latest(Evaluation, sha256), self.latest(Verdict, sha256)
        rollout = self.latest(Rollout, sha256)
        return [
            self.data(),
            self.evaluated(evaluation),
            self.judged(verdict),
            self.served(rollout),
            self.ended(rollout),
        ]

    def latest(self, kind: type[P], sha256: str) -> P | None:
        """The newest statement of a kind about one model."""
        stored = self.store.latest(kind, sha256)
        return stored.statement.predicate if stored else None

    def data(self) -> Cell:
        report = self.latest(DataReport, digest_path(self.folder / "data" / "test.parquet"))
        return (report.result, f"{report.rows:,} flights") if report else ("", "")

    def evaluated(self, evaluation: Evaluation | None) -> Cell:
        if evaluation is None:
            return ("", "")
        if evaluation.result != "pass":
            return (evaluation.result, "needs dep_delay")
        auc, gain = evaluation.estimates["roc_auc"], evaluation.differences["roc_auc"]
        return ("pass", f"AUC {auc.value:.3f} ({gain.value:+.4f})")

    def judged(self, verdict: Verdict | None) -> Cell:
        rule = next((rule for rule in verdict.rules if rule.rule == "roc_auc > champion"), None) if verdict else None
        if verdict is None or rule is None or rule.lower is None:
            return ("", "")
        if rule.result == "inconclusive" and rule.clusters_needed:
            return (verdict.result, f"needs {rule.clusters_needed} days")
        return (verdict.result, f"gain ≥ {rule.lower:+.4f}")

    def served(self, rollout: Rollout | None) -> Cell:
        if rollout is None:
            return ("", "")
        errors = sum(look.counts["candidate_errors"] for look in rollout.looks)
        requests = sum(look.counts["candidate_requests"] for look in rollout.looks)
        return (rollout.result, f"{errors:,} errors in {requests:,}")

    def ended(self, rollout: Rollout | None) -> Cell:
        if rollout is None:
            return ("", "not moved")
        return ("pass", "serves everyone") if rollout.outcome == "promoted" else ("", "not moved")


if __name__ == "__main__":
    main()
