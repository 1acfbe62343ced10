"""Structures that others found, with whatever program: read from their files, then relaxed with HP like all others."""
