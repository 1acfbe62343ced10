"""Summaries of runs of a study, with the numbers that a test asks for."""

from melt2crystal.summary.found_schema import Search, SearchAtPressure
from melt2crystal.summary.schema import EnergyVolume, GroupErrors, HeldOut, Overlap, RelaxedTotals, Summary


def summary_with(octahedral: float = 44.0, kept: int = 5, volumes: float | None = 3.8) -> Summary:
    """A summary of HP and LP; LP has errors on held-out melt alone."""
    held = {
        name: HeldOut(energy_rmse_meV_per_atom=energy, force_rmse_eV_per_A=0.3, frames=40, members=[])
        for name, energy in (("hp", 9.6), ("lp", 12.0))
    }
    curves = EnergyVolume(
        shift_meV_per_atom=None,
        groups={
            "tetrahedral": GroupErrors(raw_meV_per_atom=17.7, shifted_meV_per_atom=10.0),
            "octahedral": GroupErrors(raw_meV_per_atom=octahedral, shifted_meV_per_atom=10.0),
        },
        polymorphs=[],
    )
    found = {"relaxed": None, "sound": None, "best": []}
    search = Search(
        labelled=4,
        pearson_r=None,
        rmse_all_meV_per_atom=29.0,
        stable_window_eV_per_atom=0.1,
        labelled_in_window=1,
        rmse_window_meV_per_atom=None,
        pressures=[SearchAtPressure(pressure_GPa=p, unique=unique, **found) for p, unique in ((0, 3), (10, 4))],
    )
    return Summary(
        study="laptop",
        substance="SiO2",
        reference="BKS",
        settings_digest="0" * 64,
        datasets=[],
        iterations=[],
        certificate_enabled=True,
        certificates=[],
        held_out=held,
        energy_volume={"hp": curves},
        fits=[],
        relaxed_totals={"hp": [_totals(10.0, 0, 9.0), _totals(0.0, kept, volumes)]},
        vdos_overlaps=[_overlap("alpha_quartz", 0.6), _overlap("coesite", 0.8), _overlap("keatite", None)],
        search=search,
        costs=[],
    )


def _totals(pressure_GPa: float, kept: int, volumes: float | None) -> RelaxedTotals:
    return RelaxedTotals(
        pressure_GPa=pressure_GPa,
        crystals=11,
        with_reference=11,
        kept_by_reference=11,
        kept_by_all_members=kept,
        volume_rms_percent=volumes,
        misplaced_pairs=0,
        pairs=55,
    )


def _overlap(polymorph: str, overlap: float | None) -> Overlap:
    return Overlap(polymorph=polymorph, overlap=overlap, temperature_K=300, pressure_GPa=0, resolution_THz=1)
