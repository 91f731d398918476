"""What the model is evaluated on: rows with their truth, weights and clusters, and what may not be seen of them."""
