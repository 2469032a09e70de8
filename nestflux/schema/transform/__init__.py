"""The statements that make one schema into another, each with what speaks against running it."""
