"""``db_partitions``: the partitions of a range come and go, as its model declares them."""
