"""What a new project is helped with: files to begin with, and what is wrong with a set-up."""
