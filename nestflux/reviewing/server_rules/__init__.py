"""How a server is set up, and what it knows of its tables: a rule a module."""
