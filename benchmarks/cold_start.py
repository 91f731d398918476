"""How long a composite takes to its first line, on a runner with empty caches and on one that ran it before.

    python benchmarks/cold_start.py [--repetitions 3] [--write]

Each action runs under act as a consumer's only step, without inputs, so that it starts, says what is missing and ends;
its time is that of the whole step, as act tells it. An empty runner has no uv, no environment and no downloads; what it
downloads comes from the package index that pip is told to use. Nothing of the machine but that and Python is shared.
`--write` puts the table into RESULTS.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/e2e"))

from results import write_section

from harness.act import Act
from harness.checkout import export

ACTIONS = {"quality-gate": 5, "promote-champion": 5, "canary-deploy": 5, "evaluate-model": 15, "validate-data": 15}
"""Action → seconds that it may take on an empty runner; on one that ran it before it is 1."""

WORKFLOW = """
on: push
jobs:
  start:
    runs-on: ubuntu-latest
    steps:
      - id: action
        uses: org/mlops-actions/{action}@v1
        continue-on-error: true
        with: {{{inputs}}}
"""
INPUTS = {"canary-deploy": "target: 'haproxy:127.0.0.1:1?backend=model', stable: 'here:1', candidate: 'here:1'"}
"""A target that needs no proxy of its own, and one server twice, which is refused before anybody is asked."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    lines = ["| action | empty runner | target | ran before | target |", "|---|---|---|---|---|"]
    for action, target in ACTIONS.items():
        times = [measure(action) for _ in range(options.repetitions)]
        cold, warm = (statistics.median(column) for column in zip(*times, strict=True))
        lines.append(f"| {action} | {cold:.1f} s | {target} s | {warm:.2f} s | 1 s |")
        print(lines[-1], flush=True)
    table = "\n".join(lines)
    print(f"\n{table}")
    if options.write:
        said = f"Medians of {options.repetitions}, from the start of the step to its end."
        write_section("cold start", f"{said}\n\n{table}")


def measure(action: str) -> tuple[float, float]:
    """Seconds on an empty runner, and again on the same one."""
    with tempfile.TemporaryDirectory() as folder:
        checkout, consumer, cache = (Path(folder, name) for name in ("checkout", "consumer", "cache"))
        workflow = consumer / ".github/workflows/start.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(WORKFLOW.format(action=action, inputs=INPUTS.get(action, "")))
        act = Act(export(checkout), cache)
        return step_seconds(act, consumer), step_seconds(act, consumer)


def step_seconds(act: Act, consumer: Path) -> float:
    """Of the one step, which must have come as far as telling its result."""
    run = act.run(consumer, "start.yml")
    step = run.job("start").steps["action"]
    # Only an action that started states reasons.
    if not step.outputs.get("reasons"):
        raise SystemExit(f"the action did not start:\n{run}")
    return step.seconds


if __name__ == "__main__":
    main()
