"""All adapters on the arm's perturbation suite: what they predict, and what they drive."""
