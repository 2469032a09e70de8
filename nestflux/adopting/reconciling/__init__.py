"""A live schema that differs from the history: the reviewable script that makes it agree."""
