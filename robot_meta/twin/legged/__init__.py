"""Walking robots in MuJoCo: policy, physics, sensors, and the robot protocol in front."""
