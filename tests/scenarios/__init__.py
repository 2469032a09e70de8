"""Whole stories through the real commands, to be read as documents."""
