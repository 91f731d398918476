"""The CI system around us."""

from mlops_actions.ci.detect import current, detect
from mlops_actions.ci.interface import CI, Annotation, Context

__all__ = ["CI", "Annotation", "Context", "current", "detect"]
