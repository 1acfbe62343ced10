"""What was tried once; results stand in docs/."""
