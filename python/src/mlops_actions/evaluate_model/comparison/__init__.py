"""Who is compared on the same rows: the candidate, the champion, and what both answered."""
