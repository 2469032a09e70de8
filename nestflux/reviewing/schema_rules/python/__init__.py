"""Python steps and SQL that a person wrote."""
