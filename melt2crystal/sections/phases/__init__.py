"""Settings of what is asked of the structures a search found."""
