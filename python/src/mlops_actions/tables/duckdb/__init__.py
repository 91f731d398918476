"""Tables read by DuckDB inside this process: nothing to install or host, spilling to disk where memory ends."""

from mlops_actions.tables.duckdb.opening import open_frame, open_location

__all__ = ["open_frame", "open_location"]
