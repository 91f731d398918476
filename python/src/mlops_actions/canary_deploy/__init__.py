"""canary-deploy: traffic moves to a candidate step by step, and only as far as its own evidence carries it."""
