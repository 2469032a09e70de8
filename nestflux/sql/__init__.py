"""MySQL text, and nothing else: tokens, statements, definitions, types, literals."""
