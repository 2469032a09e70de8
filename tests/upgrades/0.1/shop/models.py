from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Product(models.Model):
    category = models.ForeignKey(Category, models.CASCADE)
    name = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    slug = models.CharField(max_length=40, default="")
    stock = models.IntegerField(default=0)


class Visit(models.Model):
    day = models.DateField()
