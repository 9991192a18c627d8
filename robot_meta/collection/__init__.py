"""Collection: a robot is moved, and what it lives through becomes episodes."""
