from django.db import migrations, models


def fill(apps, schema_editor):
    apps.get_model("shop", "Product").objects.update(stock=7)


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_no_notes")]
    operations = [
        migrations.AddField("Product", "stock", models.IntegerField(default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "Category", "name", models.CharField(max_length=40, unique=True)
        ),
    ]
