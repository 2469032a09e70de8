"""What Django's own ``migrate`` and ``sqlmigrate`` answer where a database has a history."""
