"""SQL migrations as files: journal, text, records, snapshot. Asks no database."""
