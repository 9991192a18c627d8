"""The desk in front of the arm: its furniture, its seeded variety, and what counts as done."""
