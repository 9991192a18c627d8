"""What it costs when the arm follows late, and when samples are lost or late."""
