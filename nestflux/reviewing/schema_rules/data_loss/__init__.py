"""What takes data away."""
