"""Minimisers of cell and atoms."""
