"""Names of the energies of a structure in the columns of tables, eV per atom."""

ENERGY = "energy_eV_per_atom"  # of the potential or the engine that the table is about
ENTHALPY = "enthalpy_eV_per_atom"  # E + p V of the same
HP, REFERENCE = "energy_hp_mean_eV_per_atom", "energy_reference_eV_per_atom"  # of found structures, same geometry
