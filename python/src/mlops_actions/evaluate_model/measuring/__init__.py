"""From answers to the numbers of the statement, each with its uncertainty."""
