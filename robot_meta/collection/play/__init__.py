"""Generated play: a seeded stand-in for a person who plays with what is on the desk."""
