"""The model registry of an MLflow server, with a log of ours beside it."""

from mlops_actions.registries.mlflow.system import open_registry

__all__ = ["open_registry"]
