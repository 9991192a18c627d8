"""What the robot lived through, kept for good: a store on disk, and drawing from it."""
