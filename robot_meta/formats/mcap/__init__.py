"""MCAP files of standard ROS messages, one run folder per episode; other tools read them too."""
