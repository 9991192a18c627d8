"""A Franka FR3 through franky and libfranka, in a process of its own."""
