"""Benchmarks: what the README quotes, each with the command that measures it."""
