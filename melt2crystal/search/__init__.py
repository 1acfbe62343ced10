"""Crystal structure search: random starts, relaxation with a potential, unique structures and their table."""
