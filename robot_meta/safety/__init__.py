"""The last gate before the driver: limits, stops, and why; no clocks, no middleware."""
