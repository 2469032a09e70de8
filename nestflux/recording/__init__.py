"""Models to SQL: ``db_generate``, and whatever records a history again."""
