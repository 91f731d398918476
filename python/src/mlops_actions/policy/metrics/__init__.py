"""Numbers of other tools: where they are read, in which forms, and what they come to without an evaluation."""
