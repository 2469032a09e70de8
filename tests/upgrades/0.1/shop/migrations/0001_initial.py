import django.db.models.deletion
from django.db import migrations, models


def categories(apps, schema_editor):
    for name in ("Books", "Tea and coffee"):
        apps.get_model("shop", "Category").objects.create(name=name)


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Category",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            "Product",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("category", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE,
                                               to="shop.category")),
                ("name", models.CharField(max_length=40)),
                ("price", models.DecimalField(max_digits=10, decimal_places=2, null=True)),
                ("note", models.CharField(max_length=80, default="")),
            ],
        ),
        migrations.CreateModel(
            "Visit",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
            ],
        ),
        migrations.RunPython(categories, migrations.RunPython.noop),
    ]
