"""Backups before loss, and what was lost brought back."""
