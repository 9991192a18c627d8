"""Bodies that change while they run: every adapter with equal data and equal planning."""
