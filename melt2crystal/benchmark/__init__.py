"""Known crystals: energy-volume curves and vibrations, models against the reference."""
