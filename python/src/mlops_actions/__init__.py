"""Take a machine-learning model from data to production, and refuse whatever is not good enough."""

__version__ = "0.1.0"
