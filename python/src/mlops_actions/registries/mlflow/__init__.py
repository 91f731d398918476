"""The model registry of an MLflow server, with a log of ours beside it."""

from mlops_actions.registries.mlflow.registry import MlflowRegistry, open_registry

__all__ = ["MlflowRegistry", "open_registry"]
