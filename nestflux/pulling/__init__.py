"""Models from a database that has none: ``db_pull``."""
