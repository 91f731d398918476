"""Promoters that live over many rounds, so that those of a round start together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promotion_project import Project

SCRIPT = Path(__file__).with_name("racing_promoter.py")
PROMOTERS = 8


class Promoters:
    """Processes, each of which promotes what it is told."""

    def __init__(self, started: Sequence[subprocess.Popen[str]]) -> None:
        self._started = started

    def race(self, project: Project, models: Sequence[str], aliases: Sequence[str]) -> list[dict[str, Any]]:
        """Let each promote a model of the project to an alias, all at once. Returns the promotions."""
        for promoter, model, alias in zip(self._started, models, aliases, strict=True):
            order = (str(Path.cwd()), project.registry_location, project.name, model, alias, project.evidence)
            assert promoter.stdin is not None
            promoter.stdin.write(" ".join(order) + "\n")
            promoter.stdin.flush()
        return [json.loads(promoter.stdout.readline()) for promoter in self._started if promoter.stdout is not None]


@contextmanager
def racing_promoters(variables: Mapping[str, str] | None = None) -> Iterator[Promoters]:
    """Start eight with these further variables, and end them."""
    command, environ = [sys.executable, str(SCRIPT)], {**os.environ, **(variables or {})}
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        for _ in range(PROMOTERS)
    ]
    for promoter in started:
        assert promoter.stdout is not None
        assert promoter.stdout.readline() == "ready\n"
    yield Promoters(started)
    for promoter in started:
        promoter.communicate(timeout=30)
        assert promoter.returncode == 0


@dataclass(frozen=True)
class Raced:
    """What came of rounds in which eight candidates, all judged against the same champion, wanted to be the next."""

    rounds: int
    won_by_one: int
    """Rounds with exactly one winner, whom the alias named afterwards and whose entry the log had next."""
    losers: int
    told: int
    """Losers who were told who won."""
    codes: Counter[str]
    """Why they lost."""
    kept: bool
    """Whether the log held, at the end, every winner's entry in order and no other."""


def race_for_the_champion(
    project: Project, promoters: Promoters, rounds: int, follows: Callable[[dict[str, Any]], bool] = lambda _: True
) -> Raced:
    """So many rounds in a new registry; `follows` says whether all else shows the winner after its round."""
    winners: list[str] = []
    codes: Counter[str] = Counter()
    won_by_one = told = 0
    for number in range(1, rounds + 1):
        project.evidence = f"evidence-{number}"
        models = judged_models(project, str(number))
        before = project.champion()
        answers = promoters.race(project, models, ["champion"] * PROMOTERS)
        won = [answer for answer in answers if answer["result"] == "pass"]
        winners += [answer["after"] for answer in won]
        moves = [(answer["before"], answer["after"], answer["entry"]) for answer in won]
        won_by_one += moves == [(before, project.champion(), number)] and follows(won[0])
        for reasons in (answer["reasons"] for answer in answers if answer["result"] == "fail"):
            codes.update(reason["code"] for reason in reasons)
            told += any(won and won[0]["after"][:12] in reason["message"] for reason in reasons)
        shutil.rmtree(project.evidence)
        shutil.rmtree("build")
    logged = [change.after.sha256 for change in project.registry.history(project.name)]
    return Raced(rounds, won_by_one, rounds * PROMOTERS - len(winners), told, codes, logged == winners)


def judged_models(project: Project, prefix: str) -> list[str]:
    """A new model for each promoter, judged against the present champion."""
    models = [project.model(f"{prefix}-{promoter}") for promoter in range(PROMOTERS)]
    for model in models:
        project.judged(model)
    return models
