"""What was found: names, bonds, dynamical stability, enthalpies over pressure, a sample for the reference."""
