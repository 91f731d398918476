"""Tables read by Spark, here or at the end of a Spark Connect address, for data that outgrows a machine."""

from mlops_actions.tables.spark.opening import open_frame, open_location

__all__ = ["open_frame", "open_location"]
