"""Recorded episodes in the formats of others: LeRobot data sets and MCAP files, out and in."""
