"""Checks that the standard has no words for: `type: custom, engine: mlops-actions`, one file a kind."""
