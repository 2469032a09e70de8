"""The connection pool under load: real web servers, a real database server, on loopback.

``site`` is what is served, ``load`` asks it and counts, ``__main__`` runs all and writes the
figures into docs/production.md. tests/pooled/test_load.py runs a part of it.
"""
