"""What depends on rows is asked of the live tables before a run changes anything."""
