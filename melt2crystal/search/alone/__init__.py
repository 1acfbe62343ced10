"""A search without a study: a potential, a formula and a pressure, in any folder."""
