"""promote-champion: an alias moves only to a model that its evidence lets through, and no move is ever lost."""
