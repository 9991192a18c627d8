"""Any quadruped or base that is driven by `cmd_vel` and tells its `odom`."""
