"""A small, strict runner for XML launch files, where ROS launch is not installed.

It reads the same files as `ros2 launch` and starts the same nodes with the same parameters; what
it does not know, or what would mean something else there, it refuses with the file and line.
"""
