"""What a schema should be."""
