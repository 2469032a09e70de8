"""The database's own clock, as a column default."""

from django.db.models import DateTimeField, Func

# Not Django's Now(): that is CURRENT_TIMESTAMP, which a MySQL server gives in the session's
# time zone, and Django never sets that one. A row inserted by hand on a server in Berlin would
# be hours off. UTC_TIMESTAMP is the same on every server; 6 is the number of decimals.
UTC_NOW = Func(6, function="UTC_TIMESTAMP", output_field=DateTimeField())
