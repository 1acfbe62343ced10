"""Checks of the pages: links and anchors, spelling. They run in ``make lint``."""
