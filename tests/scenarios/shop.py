"""A small shop with two recorded files: ``0001_products`` and ``0002_prices``."""

from __future__ import annotations

from tests.scenario import Project

PRODUCT = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""


def add_field(project: Project, line: str) -> None:
    """One more line at the end of the model."""
    text = project.read("shop/models.py")
    project.write("shop/models.py", f"{text}    {line}\n")


def record_shop(project: Project) -> None:
    project.app("shop", {"models.py": PRODUCT})
    project.succeeds("db_generate", "--name", "products")
    add_field(project, "price = models.IntegerField(default=0)")
    add_field(project, "stock = models.IntegerField(default=0)")
    project.succeeds("db_generate", "--name", "prices")
