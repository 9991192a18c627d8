"""What a person holds to drive a robot, and how that becomes commands."""
