"""LeRobotDataset v3.0: many episodes in few parquet files, and what they are in `meta`.

Source: Hugging Face LeRobot 0.4, `lerobot/datasets` (the layout that `LeRobotDataset` reads).
"""
