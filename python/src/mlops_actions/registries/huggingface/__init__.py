"""Models on the Hugging Face Hub, with a log of ours beside them."""

from mlops_actions.registries.huggingface.system import open_registry

__all__ = ["open_registry"]
