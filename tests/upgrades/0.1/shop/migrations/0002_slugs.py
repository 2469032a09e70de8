from django.db import migrations, models


def fill(apps, schema_editor):
    for product in apps.get_model("shop", "Product").objects.all():
        product.slug = product.name.lower().replace(" ", "-")
        product.save()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField(
            "Product", "slug", models.CharField(max_length=40, default="")
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL("UPDATE shop_product SET price = 0 WHERE price IS NULL",
                          migrations.RunSQL.noop),
        migrations.RunSQL("TRUNCATE TABLE shop_visit", migrations.RunSQL.noop),
    ]
