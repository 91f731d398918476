"""Draws the pictures of docs/statistics.md with the statistics that judge models, from seeds that are fixed.

Run: python docs/figures.py [FOLDER]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jinja2 import Environment

from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.statistics.sequential import Hypotheses
from mlops_actions.statistics.sequential.processes import Processes, start_weight

CONFIDENCE = 0.95
INK, GREY, GOOD, BAD, UNSURE = "#1c1e21", "#8b929c", "#1a7f37", "#b3261e", "#8a5a00"

TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" role="img" \
aria-label="{{ alternative }}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" rx="8" fill="#ffffff"/>
{% for line in lines %}
<polyline points="{{ line.points }}" fill="none" stroke="{{ line.colour }}" stroke-width="{{ line.width }}"\
{% if line.dashed %} stroke-dasharray="5 4"{% endif %}/>
{% endfor %}
{% for dot in dots %}
<circle cx="{{ dot.x }}" cy="{{ dot.y }}" r="3.5" fill="{{ dot.colour }}"/>
{% endfor %}
{% for text in texts %}
<text x="{{ text.x }}" y="{{ text.y }}" fill="{{ text.colour }}" text-anchor="{{ text.anchor }}">{{ text.words }}</text>
{% endfor %}
</svg>
"""


@dataclass(frozen=True)
class Line:
    """A line through points of the picture."""

    points: str
    colour: str
    width: float
    dashed: bool


@dataclass(frozen=True)
class Dot:
    """A point of the picture."""

    x: float
    y: float
    colour: str


@dataclass(frozen=True)
class Text:
    """Words at a place of the picture."""

    x: float
    y: float
    words: str
    colour: str
    anchor: str


@dataclass
class Picture:
    """What is drawn, in the picture's own units, and what it says to who cannot see it."""

    width: int
    height: int
    alternative: str
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def line(
        self, points: Iterable[tuple[float, float]], colour: str, width: float = 1.5, *, dashed: bool = False
    ) -> None:
        """Draw through points."""
        self.lines.append(Line(" ".join(f"{x:.1f},{y:.1f}" for x, y in points), colour, width, dashed))

    def dot(self, x: float, y: float, colour: str) -> None:
        """Draw a point."""
        self.dots.append(Dot(round(x, 1), round(y, 1), colour))

    def text(self, x: float, y: float, words: str, colour: str = INK, anchor: str = "start") -> None:
        """Write words."""
        self.texts.append(Text(round(x, 1), round(y, 1), words, colour, anchor))

    def render(self) -> str:
        """The picture as SVG."""
        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(TEMPLATE).render(vars(self))


def three_outcomes() -> Picture:
    """One interval beside three limits."""
    right = np.arange(2000) < 1620
    estimate = _accuracy(np.ones(2000, dtype=int), right.astype(int))
    lower, upper = estimate.lower(CONFIDENCE), estimate.upper(CONFIDENCE)
    picture = Picture(
        720,
        190,
        f"Accuracy {estimate.value:.2f}, interval {lower:.3f} to {upper:.3f}, above .78, across .80, below .85",
    )

    def x(value: float) -> float:
        return 190 + (value - 0.77) / 0.09 * 480

    outcomes = ((0.78, "accuracy > 0.78", "pass", GOOD), (0.80, "accuracy > 0.80", "inconclusive", UNSURE),
                (0.85, "accuracy > 0.85", "fail", BAD))  # fmt: skip
    for row, (limit, rule, outcome, colour) in enumerate(outcomes):
        y = 45 + row * 45
        picture.line([(x(0.77), y), (x(0.86), y)], "#e3e6ea", 1)
        picture.line([(x(limit), y - 14), (x(limit), y + 14)], INK, 1.5, dashed=True)
        picture.line([(x(lower), y), (x(upper), y)], colour, 4)
        picture.dot(x(estimate.value), y, colour)
        picture.text(16, y - 3, rule)
        picture.text(16, y + 14, outcome, colour)
    for tick in (0.78, 0.80, 0.82, 0.84):
        picture.text(x(tick), 178, f"{tick:.2f}", GREY, "middle")
    return picture


def rows_that_hang_together(tests: int = 40, days: int = 61, flights: int = 100) -> Picture:
    """Intervals of an equal model's gain over many test sets: rows taken for independent, and by day."""
    generator = np.random.default_rng(2026)
    day = np.repeat(np.arange(days), flights)
    by_row, by_day = [], []
    for _ in range(tests):
        # On some days one model is better, on others the other; over all days they are equal.
        tilt = np.repeat(generator.normal(0, 0.06, days), flights)
        truth = np.ones(days * flights, dtype=int)
        candidate = (generator.random(truth.size) < 0.8 + tilt).astype(int)
        champion = (generator.random(truth.size) < 0.8 - tilt).astype(int)
        by_row.append(_gain(truth, candidate, champion))
        by_day.append(_gain(truth, candidate, champion, day))
    picture = Picture(720, 90 + tests * 7, "")
    missed = [_column(picture, 20 + 350 * i, name, ones) for i, (name, ones) in
              enumerate((("every flight counts by itself", by_row), ("a day counts once", by_day)))]  # fmt: skip
    picture.alternative = (
        f"Of {tests} intervals at 90 % of a gain that is 0, {missed[0]} miss it where rows count by themselves, "
        f"{missed[1]} where a day counts once"
    )
    return picture


def _column(picture: Picture, left: float, name: str, estimates: Sequence[Estimate]) -> int:
    """Draw the intervals of one method, and say how many miss 0."""

    def x(value: float) -> float:
        return left + 165 + value / 0.06 * 160

    bounds = [(one.lower(CONFIDENCE), one.upper(CONFIDENCE)) for one in estimates]
    wrong = [not lower <= 0 <= upper for lower, upper in bounds]
    for row, ((lower, upper), missed) in enumerate(zip(bounds, wrong, strict=True)):
        y = 62 + row * 7
        picture.line([(x(lower), y), (x(upper), y)], BAD if missed else GREY, 2.5)
    picture.line([(x(0), 52), (x(0), 62 + 7 * len(bounds))], INK, 1.2, dashed=True)
    picture.text(left + 165, 24, name, INK, "middle")
    picture.text(left + 165, 42, f"{sum(wrong)} of {len(wrong)} intervals at 90 % miss the truth", BAD, "middle")
    picture.text(left + 165, 80 + 7 * len(bounds), "gain in accuracy; the truth is 0", GREY, "middle")
    return sum(wrong)


def looking_again(looks: int = 200, good: int = 25, leaking: int = 5) -> Picture:
    """The evidence of good candidates and of leaking ones, look by look."""
    generator = np.random.default_rng(7)
    rates = np.array([0.01] * good + [0.05] * leaking)
    count = len(rates)
    processes = Processes.begin(np.full(count, 100), np.full(count, 10_000))
    paths = []
    for look in range(1, looks + 1):
        canary = generator.binomial(10, rates)
        stable = generator.binomial(90, 0.01, count)
        start = start_weight(look, looks)
        processes = processes.observe(
            Hypotheses(0.0), (canary, np.full(count, 10)), (stable, np.full(count, 90)), start
        )
        paths.append(processes.log_worse / math.log(10))
    evidence = np.array(paths)
    limit = math.log10(1 / (1 - CONFIDENCE))
    crossed = (evidence >= limit).any(axis=0)
    picture = Picture(
        720, 330,
        f"Evidence over {looks} looks: {crossed[:good].sum()} of {good} good candidates reach 20, "
        f"{crossed[good:].sum()} of {leaking} leaking ones do",
    )  # fmt: skip

    def at(look: int, value: float) -> tuple[float, float]:
        return 60 + look / looks * 630, 290 - (min(max(value, -1.0), 3.0) + 1) / 4 * 260

    for one in range(count):
        path = evidence[:, one]
        ends = int(np.argmax(path >= limit)) + 1 if crossed[one] else looks
        colour = BAD if one >= good else "#b9c0c8"
        picture.line(
            [at(0, 0.0), *(at(look + 1, path[look]) for look in range(ends))], colour, 1.4 if one >= good else 1
        )
        if crossed[one]:
            picture.dot(*at(ends, path[ends - 1]), colour)
    picture.line([at(0, limit), at(looks, limit)], INK, 1.5, dashed=True)
    picture.text(690, at(0, limit)[1] - 8, "20: roll back", INK, "end")
    for value, words in ((-1, "0.1"), (0, "1"), (1, "10"), (2, "100"), (3, "1,000")):
        picture.text(52, at(0, value)[1] + 4, words, GREY, "end")
    picture.text(375, 318, f"{looks} looks, 10 canary requests each: 1 % errors in grey, 5 % in red", GREY, "middle")
    return picture


def _accuracy(truth: np.ndarray, labels: np.ndarray) -> Estimate:
    return evaluate(Sample("binary", truth, Predictions(labels)), ["accuracy"]).estimates["accuracy"]


def _gain(truth: np.ndarray, candidate: np.ndarray, champion: np.ndarray, day: np.ndarray | None = None) -> Estimate:
    days = design(len(truth), clusters=[] if day is None else [day])
    sample = Sample("binary", truth, Predictions(candidate), Predictions(champion), days)
    return evaluate(sample, ["accuracy"]).differences["accuracy"]


PICTURES = {
    "statistics-outcomes.svg": three_outcomes,
    "statistics-clusters.svg": rows_that_hang_together,
    "statistics-looks.svg": looking_again,
}


def main() -> None:
    """Write all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, draw in PICTURES.items():
        (folder / name).write_text(draw().render() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
