"""What two models are compared in, besides the tests that roll back and advance."""

from mlops_actions.canary_deploy.comparison.asked import Asked
from mlops_actions.canary_deploy.comparison.question import Answer, Question, read_question
from mlops_actions.canary_deploy.comparison.shadowed import Shadowed

__all__ = ["Answer", "Asked", "Question", "Shadowed", "read_question"]
