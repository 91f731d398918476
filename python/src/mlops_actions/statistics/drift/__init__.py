"""How far a distribution has moved from a reference, and how much of that sampling alone explains."""
