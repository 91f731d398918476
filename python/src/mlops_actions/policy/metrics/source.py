"""Where other tools' numbers are read: JSON files, and runs of an MLflow server, several at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from pathlib import Path, PurePosixPath

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.evidence.statement import PREDICATE_TYPES
from mlops_actions.policy.metrics.formats import Content, Reading, content_of
from mlops_actions.policy.metrics.names import named, with_short_names, word
from mlops_actions.statistics.estimate import Estimate


@dataclass(frozen=True)
class Source:
    """What was read."""

    uri: str
    sha256: str
    """Of the file; of the metrics, where a server gave them."""


@dataclass(frozen=True)
class Numbers:
    """A model's numbers, each under its full dotted name and the ends of it that no other shares."""

    sources: tuple[Source, ...]
    metrics: Mapping[str, Estimate]
    """With intervals where there is what makes them, else points."""
    champion: Mapping[str, Estimate]
    """Of the model that a file compares with; mostly nothing."""
    missing: str
    """Why a metric may be missing."""

    @property
    def rows(self) -> int:
        """The most rows that a number rests on; 0 where none says."""
        return max((one.n for one in self.metrics.values() if one.counted), default=0)

    @property
    def points(self) -> bool:
        """Whether no number has an interval."""
        return all(one.scale == "point" for one in self.metrics.values())


def read_numbers(locations: Sequence[str]) -> Numbers:
    """Read files, and runs at `mlflow+https://host#run=…`; the names of several sources begin with the source's own.

    Raises InputError for a file that is missing, is not JSON, contradicts itself or holds no number, OutsideError for a
    server that cannot be read.
    """
    twice = [location for location, count in Counter(locations).items() if count > 1]
    if twice:
        raise InputError(f"the metrics-file {twice[0]!r} is given twice.", hint="Remove one of them.")
    found = [_read(location) for location in locations]
    missing = next((content.missing for _, content in found if content.missing), "")
    candidate, champion = (
        _together(
            [
                (file or location, reading, location)
                for location, (_, content) in zip(locations, found, strict=True)
                for file, reading in (content.champion if theirs else content.candidate).items()
            ]
        )
        for theirs in (False, True)
    )
    if not candidate:
        raise InputError(
            "the metrics-file holds no number.",
            where=locations[0],
            hint='Write {"accuracy": 0.9}; `dvc metrics diff` needs --all.',
        )
    return Numbers(tuple(source for source, _ in found), candidate, champion, missing)


def _read(location: str) -> tuple[Source, Content]:
    try:
        if location.startswith("mlflow+"):
            from mlops_actions.policy.metrics.mlflow_run import read_run

            content = read_run(location)
        else:
            content = Path(location).read_bytes()
        document = json.loads(content, parse_constant=lambda _: nan, object_pairs_hook=_unique)
    except FileNotFoundError:
        raise InputError(f"the metrics-file {location!r} does not exist.", hint="Check the path.") from None
    except OSError as error:
        raise InputError(f"the metrics-file {location!r} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise InputError("the metrics-file is nested too deeply.", where=location) from None
    except ValueError as error:
        raise InputError(f"the metrics-file cannot be read as JSON: {error}.", where=location) from None
    _refuse_statement(document, location)
    with _placed(location):
        return Source(location, digest_bytes(content)), content_of(document)


def _together(parts: Sequence[tuple[str, Reading, str]]) -> dict[str, Estimate]:
    """The numbers of several parts, each called by its file, if there is more than one."""
    labels = _labels([file for file, _, _ in parts]) if len(parts) > 1 else [""]
    together: dict[str, Estimate] = {}
    for label, (_, reading, location) in zip(labels, parts, strict=False):
        with _placed(location):
            numbers = named(reading)
        together |= {f"{label}.{name}" if label else name: one for name, one in numbers.items()}
    return with_short_names(together)


def _labels(files: Sequence[str]) -> list[str]:
    """The files' stems, or their paths where stems are alike."""
    stems = [".".join(word(PurePosixPath(file).stem)) for file in files]
    whole = [".".join(word(file)) for file in files]
    shared = Counter(stems)
    return [path if not stem or shared[stem] > 1 else stem for stem, path in zip(stems, whole, strict=True)]


@contextmanager
def _placed(location: str) -> Iterator[None]:
    """What is wrong in a file, with the file's name."""
    try:
        yield
    except InputError as error:
        raise InputError(error.message, where=location, hint=error.hint) from None
    except RecursionError:
        raise InputError("the metrics-file is nested too deeply.", where=location) from None


def _refuse_statement(document: object, location: str) -> None:
    """Intervals of ours are one-sided at their confidence: read as others' they would be too narrow."""
    if isinstance(document, dict) and PREDICATE_TYPES in str(document.get("predicateType")):
        raise InputError(
            "this is a statement of mlops-actions, no metrics-file.",
            where=location,
            hint="Leave out metrics-file: the gate finds evaluations in the folder `evidence`.",
        )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return document
