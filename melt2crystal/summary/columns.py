"""Columns of the summary's tables."""

# head of a column -> form of its cells, of the fields of the schema
DATASETS = {"dataset": "{iteration}", "labelled frames": "{frames}", "of these": "{at_pressures}"}
CERTIFICATES = {
    "melt for": "{purpose}",
    "p (GPa)": "{pressure_GPa:g}",
    "T (K)": "{temperature_K:g}",
    "frames": "{frames}",
    "found disordered": "{would_pass}",
    "excluded": "{excluded}",
    "cut: order rose": "{cut}",
    "why not disordered": "{because}",
}
ITERATIONS = {
    "iteration": "{iteration}",
    "accurate": "{accurate}",
    "candidate": "{candidate}",
    "failed": "{failed}",
    "invalid": "{invalid}",
    "why invalid": "{why_invalid}",
    "excluded by certificate": "{excluded_by_certificate}",
    "selected": "{selected}",
    "accurate ones audited": "{audited}",
    "of these wrong (95 % interval)": "{wrong}",
    "rank correlation": "{rank_correlation:.2f}",
    "window (eV/Å)": "{eps_lo_eV_per_A:.3f}–{eps_hi_eV_per_A:.3f}",
}
MISSING = {"batch": "{batch}", "of": "{what}", "status": "{status}", "why": "{reason}"}
MOST_MISSING = 20  # rows of one batch
HELD_OUT = {
    "potential": "{potential}",
    "of": "{which}",
    "frames": "{frames}",
    "energy RMSE (meV/atom)": "{energy_rmse_meV_per_atom:.1f}{energy_interval}",
    "force RMSE (eV/Å)": "{force_rmse_eV_per_A:.3f}{force_interval}",
}
CURVES = {
    "polymorph": "{polymorph}",
    "CN": "{coordination}",
    "RMS, raw (meV/atom)": "{raw_meV_per_atom:.1f}",
    "members, raw (meV/atom)": "{spread}",
    "after one constant (meV/atom)": "{shifted_meV_per_atom:.1f}",
}
FITS = {
    "polymorph": "{polymorph}",
    "potential": "{potential}",
    "V0 of the curve (Å³ per formula unit)": "{V0}",
    "B0 of the curve (GPa)": "{B0}",
    "E0 (eV/atom)": "{E0_eV_per_atom:.4f}",
    "fit": "{status}",
}
RELAXED = {
    "polymorph": "{polymorph}",
    "p (GPa)": "{pressure_GPa:g}",
    "V (Å³ per formula unit)": "{volume_A3_per_formula:.2f}",
    "reference": "{volume_A3_per_formula_reference:.2f}",
    "V error (%)": "{volume_error_percent:+.1f}",
    "its own scatter (%)": "{scatter_percent_reference:.2f}",
    "angle (°)": "{bridging_angle_deg:.1f}",
    "reference's": "{bridging_angle_deg_reference:.1f}",
    "c/a": "{c_over_a:.3f}",
    "reference's c/a": "{c_over_a_reference:.3f}",
    "E error, raw (meV/atom)": "{energy_error_meV_per_atom:+.1f}",
    "order": "{rank:.0f} ({rank_reference:.0f})",
    "bulk modulus (GPa)": "{bulk_modulus_GPa:.0f}",
    "reference's modulus": "{bulk_modulus_GPa_reference:.0f}",
    "kept": "{verdict}",
}
SPECTRA = {
    "polymorph": "{polymorph}",
    "overlap": "{overlap:.3f}",
    "baseline: other crystals, mean": "{overlap_others_mean:.3f}",
    "largest": "{overlap_others_largest:.3f} ({most_like})",
    "halves of HP": "{overlap_halves_hp:.3f}",
    "halves of reference": "{overlap_halves_reference:.3f}",
    "T (K)": "{temperature_K:g}",
    "p (GPa)": "{pressure_GPa:g}",
    "resolution (THz)": "{resolution_THz:g}",
}
SEARCHES = {"p (GPa)": "{pressure_GPa:g}", "relaxed": "{relaxed}", "sound": "{sound}", "unique": "{unique}"}
STRUCTURES = {
    "p (GPa)": "{pressure_GPa:g}",
    "id": "{id}",
    "H above lowest (meV/atom)": "{enthalpy_above_lowest_meV_per_atom:.1f}",
    "SG": "{space_group}",
    "CN": "{coordination:.2f}",
    "V (Å³/atom)": "{volume_A3_per_atom:.2f}",
    "E in the search (eV/atom)": "{energy_search_eV_per_atom:.4f}",
    "E of reference (eV/atom)": "{energy_reference_eV_per_atom:.4f}",
}
COSTS = {
    "stage": "{stage}",
    "jobs": "{jobs}",
    "wall (s)": "{wall_s:.1f}",
    "CPU (s)": "{cpu_s:.1f}",
    "largest memory (MB)": "{largest_memory_MB:.0f}",
}
