"""Reference engine: Quantum ESPRESSO."""
