"""Cameras, printed tags, frames of the cell and calibration; no ROS inside, nodes publish."""
