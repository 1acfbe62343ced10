"""The rebuild contract: every key edited, and what its edit reruns."""
