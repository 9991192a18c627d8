"""The twin: the arm in MuJoCo, driven by the same low-level law as the hardware."""
