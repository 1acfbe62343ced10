"""Engines that do nothing and are done at once, for tools/bench_overhead.py. Never used by the workflow."""
