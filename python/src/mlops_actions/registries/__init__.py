"""Where models, their aliases and their evidence live."""

from mlops_actions.registries.interface import AliasMissingError, Author, Blob, Change, Head, Registry, Version
from mlops_actions.registries.locations import open_registry
from mlops_actions.registries.reference import Model, resolve

__all__ = [
    "AliasMissingError",
    "Author",
    "Blob",
    "Change",
    "Head",
    "Model",
    "Registry",
    "Version",
    "open_registry",
    "resolve",
]
