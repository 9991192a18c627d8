"""Baselines that know the arm's physics instead of learning them."""
