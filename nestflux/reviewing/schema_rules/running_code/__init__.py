"""What code that is still running does not survive."""
