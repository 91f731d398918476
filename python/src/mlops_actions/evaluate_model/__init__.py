"""evaluate-model: every number with its uncertainty, every model in a process of its own."""
