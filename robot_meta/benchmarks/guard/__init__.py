"""The guard against streams that try to break a limit, and each rule against its absence."""
