"""Write a statement as `actions/attest` takes it: a predicate, its type, and the subject's digest."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Predicate, Statement, Stored
from mlops_actions.evidence.statement import KINDS, predicate_class, predicate_type
from mlops_actions.evidence.store import write_whole
from mlops_actions.runner import Outcome, common_inputs

PREDICATE_BYTES = 16 << 20
"""actions/attest refuses a larger predicate."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions attest build/model.joblib --kind verdict --output attest`."""
    parser.add_argument("model", help="A path, name@alias, @alias, name:version or sha256:….")
    parser.add_argument("--kind", choices=KINDS, default="verdict", help="Which statement. Default: verdict.")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="Where predicate.json is written.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log", "evidence"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Write the newest statement of the kind, and give what `with:` of actions/attest needs as outputs."""
    from mlops_actions.registries import resolve

    inputs = common_inputs(vars(options), os.environ)
    model = resolve(options.model, inputs.registry, inputs.name)
    stored = EvidenceStore(inputs.evidence).latest(predicate_class(options.kind), model.sha256)
    if stored is None:
        raise InputError(
            f"no {options.kind} in {inputs.evidence!r} is about {options.model!r} (sha256 {model.sha256[:12]}).",
            hint="Run the action that writes it, or name the folder with --evidence.",
        )
    path = Path(options.output, "predicate.json")
    write_whole(path, predicate_of(stored))
    return Outcome(0, attestation(stored.statement, path))


def predicate_of(stored: Stored[Predicate]) -> bytes:
    """The predicate as it stands in the stored file, unknown fields of a later release included.

    Raises InputError for one that is larger than can be attested.
    """
    predicate = json.loads(stored.path.read_bytes())["predicate"]
    content = json.dumps(predicate, ensure_ascii=False).encode()
    if len(content) > PREDICATE_BYTES:
        raise InputError(
            f"the predicate is {len(content):,} bytes; at most {PREDICATE_BYTES:,} can be attested.",
            where=str(stored.path),
            hint="Evaluate fewer slices.",
        )
    return content


def attestation(statement: Statement[Predicate], path: Path) -> dict[str, str]:
    """The inputs of actions/attest, by their names there."""
    return {
        "subject-name": statement.name,
        "subject-digest": f"sha256:{statement.sha256}",
        "predicate-type": predicate_type(statement.kind),
        "predicate-path": str(path),
    }
