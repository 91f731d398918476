"""A first contract from data: what is seen of each column, and what may be asked of the next rows."""
