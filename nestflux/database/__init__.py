"""One server: what it is and can do, the session, scratch schemas, errors in plain words. Knows no
history."""
