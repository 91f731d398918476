"""Policies: rules read from text, and judged on the evidence about one model."""
