"""Melts, and their certificates of disorder."""
