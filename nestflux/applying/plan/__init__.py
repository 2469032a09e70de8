"""What a run will do, and what refuses it, found out before anything is changed."""
