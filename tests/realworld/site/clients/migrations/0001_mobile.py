"""What sites write that let an app of theirs in: the package makes the id and the secret."""

from django.db import migrations


def let_in(apps, schema_editor):
    application = apps.get_model("oauth2_provider", "Application")
    application.objects.using(schema_editor.connection.alias).create(
        name="mobile", client_type="confidential", authorization_grant_type="client-credentials"
    )


class Migration(migrations.Migration):
    dependencies = [("oauth2_provider", "0012_add_token_checksum")]
    operations = [migrations.RunPython(let_in, migrations.RunPython.noop)]
