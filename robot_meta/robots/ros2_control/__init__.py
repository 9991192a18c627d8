"""Any arm whose controllers listen to topics."""
