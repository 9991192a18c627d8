"""Whether the controller is done in time, tick after tick."""
