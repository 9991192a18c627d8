"""The real Franka client and the full stack, against a server that stands for the arm."""
