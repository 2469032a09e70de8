"""Django's migrations: loaded, their Python steps, and fingerprints by which an edit is found."""
