"""What cameras saw of an episode: compressed as it comes, readable after any kill."""
