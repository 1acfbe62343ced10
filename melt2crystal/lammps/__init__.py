"""LAMMPS as a program: an input in, what it wrote or said out."""
