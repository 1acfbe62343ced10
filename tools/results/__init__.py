"""Tables of the pages of results, kept as CSV beside them; a test compares page and CSV."""
