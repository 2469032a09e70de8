"""A database that others made: taken over, marked as applied, or made to agree with the history."""
