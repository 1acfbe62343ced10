"""Every number of a study in one place."""
