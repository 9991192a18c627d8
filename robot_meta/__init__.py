"""robot_meta: a controller that learns online, for arms and legs, real and simulated."""

__version__ = "0.1.0"
