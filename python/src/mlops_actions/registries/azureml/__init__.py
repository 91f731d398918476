"""The models of an Azure Machine Learning workspace, with a log of ours beside them."""

from mlops_actions.registries.azureml.system import open_registry

__all__ = ["open_registry"]
