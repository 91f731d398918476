"""A process that gets nothing but what it is given; models run in it."""

from mlops_actions.evaluate_model.sandbox.exchange_folder import exchange_folder
from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter, find_interpreter
from mlops_actions.evaluate_model.sandbox.isolation import Isolation, Sandbox, choose, supervised
from mlops_actions.evaluate_model.sandbox.limits import Limits, size_text
from mlops_actions.evaluate_model.sandbox.process import Ending

__all__ = [
    "Ending",
    "Interpreter",
    "Isolation",
    "Limits",
    "Sandbox",
    "choose",
    "exchange_folder",
    "find_interpreter",
    "size_text",
    "supervised",
]
