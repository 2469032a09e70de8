"""What ran, as the target database knows it: its tables, the writes, and the lock around them."""
