"""Drivers: everything that moves, behind one protocol."""
