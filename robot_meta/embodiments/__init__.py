"""What the controller has to know of the robot it drives, one file per way of being driven."""
