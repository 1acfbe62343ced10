"""What a search found: rows and tables, fingerprints, unique structures, which of them are minima, and trust."""
