"""Measurements against limits and rivals."""
