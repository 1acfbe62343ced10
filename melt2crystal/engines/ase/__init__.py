"""Reference engine: any ASE calculator."""
