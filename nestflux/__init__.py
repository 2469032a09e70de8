"""NestFlux for Django: the SQL that was reviewed is the SQL that runs."""

__version__ = "0.1.0"  # read by pyproject.toml
