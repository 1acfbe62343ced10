"""Potentials: data sets, DeePMD-kit, ensembles and how far their members agree."""
