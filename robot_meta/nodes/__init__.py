"""One thin ROS node per file: messages, clocks, timers; the thinking is elsewhere."""
