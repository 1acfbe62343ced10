"""Reference engine: VASP."""
