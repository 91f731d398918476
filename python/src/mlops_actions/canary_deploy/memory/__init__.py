"""What a rollout must not forget when its process is killed, or goes on in another job."""

from mlops_actions.canary_deploy.memory.interface import Memory, Request, TakenOverError
from mlops_actions.canary_deploy.memory.locations import local_folder, open_memory

__all__ = ["Memory", "Request", "TakenOverError", "local_folder", "open_memory"]
