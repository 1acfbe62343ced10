"""Engines that do nothing and are done at once, for tools/bench/overhead.py. Never used by the workflow."""
