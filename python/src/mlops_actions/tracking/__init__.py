"""What the actions found, written to the experiment tracker that a team looks at; it never changes a result."""

from mlops_actions.tracking.interface import Tracker
from mlops_actions.tracking.locations import open_tracker
from mlops_actions.tracking.writing import track

__all__ = ["Tracker", "open_tracker", "track"]
