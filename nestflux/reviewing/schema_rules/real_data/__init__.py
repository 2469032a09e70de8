"""What fails on the rows of a real database only."""
