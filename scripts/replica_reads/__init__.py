"""Reads from replicas, measured: real servers that copy one another, on loopback.

``site`` is a process that writes and reads what it wrote, ``__main__`` runs all and writes the
figures into docs/production.md. tests/replicas/test_figures.py runs a part of it.
"""
