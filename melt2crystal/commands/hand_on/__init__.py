"""Commands that hand on what came out of a study."""
