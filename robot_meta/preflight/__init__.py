"""What is checked before a robot moves: the machine, the network, the robot's settings."""
