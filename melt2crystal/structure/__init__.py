"""What can be said of one configuration: crystals, symmetry, coordination, surroundings, pressure."""
