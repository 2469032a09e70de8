"""What blocks or rewrites a table that is in use."""
