"""Doing it: under the lock, step by step, each with its row in the ledger."""
