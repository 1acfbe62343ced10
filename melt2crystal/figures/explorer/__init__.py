"""The explorer: structures found as one HTML file: a table, a landscape to click, the crystal in 3D."""
