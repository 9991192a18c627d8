"""A simulated crowd of annotators: how they word things, and how they err. Seeded throughout."""
