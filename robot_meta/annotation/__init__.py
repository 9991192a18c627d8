"""What people say about recorded play: labels and preferences, kept with their whole history."""
