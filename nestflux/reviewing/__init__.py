"""What is wrong before a deploy: ``db_check`` and its rules."""
