"""A schema as a value: introspection, rows, collations, and the difference of two."""
