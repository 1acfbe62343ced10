"""The study as a whole: read, joined from its sections, checked."""
