"""Predictions that a table or a server gives, where no model runs here."""
