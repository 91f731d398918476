"""A model file scored in the sandbox: what is handed over, in which environment, and what of the answer is believed."""
