"""What a change does and what a schema is: a rule a module, in the folder of its group."""
