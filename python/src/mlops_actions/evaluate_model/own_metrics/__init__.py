"""Metrics of the user's own: functions that see labels and predictions, in a sandbox of their own without the model."""
