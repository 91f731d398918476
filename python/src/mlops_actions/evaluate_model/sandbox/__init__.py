"""A process that gets nothing but what it is given; models run in it."""

from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter, find_interpreter
from mlops_actions.evaluate_model.sandbox.isolation import Isolation, Sandbox, choose, exchange_folder
from mlops_actions.evaluate_model.sandbox.process import Ending

__all__ = ["Ending", "Interpreter", "Isolation", "Sandbox", "choose", "exchange_folder", "find_interpreter"]
