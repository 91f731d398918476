"""The environment that an older model is scored in: its own, where the candidate's has other versions.

A model loaded by another scikit-learn is refused, or predicts something else without a word. So that an upgrade does
not stop a gate, the versions that the model's kept evaluation was scored with are made again.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlops_actions.errors import MlopsError
from mlops_actions.evaluate_model.sandbox import Interpreter
from mlops_actions.evaluate_model.scoring.environments import make_environment
from mlops_actions.evidence.evaluation import Environment, Evaluation
from mlops_actions.registries import open_registry
from mlops_actions.registries.reference import Model

log = logging.getLogger(__name__)


def own_interpreter(role: str, model: Model, registry: str, name: str | None, present: Interpreter) -> Interpreter:
    """The interpreter for a registered model: `present` where it has what the model was evaluated with, else its own.

    Where that cannot be made (no uv, no network), `present` is used and that is said; a scikit-learn of another version
    is then refused by the scorer, which names the input that helps.
    """
    recorded = recorded_environment(model, registry, name)
    if recorded is None or not (other := differing(recorded, present)):
        return present
    told = ", ".join(f"{package} {version}" for package, version in other.items())
    log.info("The %s was evaluated with %s: it is scored in an environment of its own.", role, told)
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, f"{role}.txt")
        requirements.write_text("".join(f"{one}=={version}\n" for one, version in sorted(recorded.packages.items())))
        try:
            return make_environment(requirements, _minor(recorded.python), "champion-python")
        except MlopsError as error:
            log.warning("No environment of its own could be made for the %s: %s", role, error.message)
            return present


def recorded_environment(model: Model, registry: str, name: str | None) -> Environment | None:
    """What the newest kept evaluation of a registered model was scored with; None where none tells."""
    name = model.name or name
    if name is None:
        return None
    kept = [one.predicate for one in open_registry(registry).statements(name, model.sha256)]
    told = [one for one in kept if isinstance(one, Evaluation) and one.environment and one.environment.packages]
    newest = max(told, key=lambda one: one.made, default=None)
    return newest.environment if newest else None


def differing(recorded: Environment, present: Interpreter) -> Mapping[str, str]:
    """Packages, and `Python`, whose recorded version is not the present one; empty where nothing differs."""
    other = {one: version for one, version in recorded.packages.items() if present.packages.get(one) != version}
    python = _minor(recorded.python)
    return other | ({"Python": python} if python != _minor(present.version) else {})


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
