"""What jobs ask of a machine, and how often a study is run. All of it amounts: no number of a run depends on it, and a
change reruns nothing."""

import difflib
import math
from typing import NamedTuple

from pydantic import field_validator

from melt2crystal.settings import Section, amount


class Jobs(Section):
    """What jobs ask of a machine, wherever they run; queues and accounts are the profile's (docs/guides/cluster.md)."""

    gpus: int = amount(0, ge=0, le=1, description="GPUs of a training, and of an exploration walk: 0 (CPU) or 1")
    label_ranks: int | None = amount(
        None, ge=1, le=4096, description="cores (MPI ranks) of a labelling job; null: ranks of the reference, else 1"
    )
    label_MB_per_rank: int = amount(2000, ge=500, description="memory of a labelling job for each rank, MB")
    minutes_per_label: float | None = amount(
        None,
        gt=0,
        description="expected time of one label, min; if given, shards are sized by minutes_per_shard and "
        "label.frames_per_shard is not looked at",
    )
    minutes_per_shard: float = amount(120.0, gt=0, description="aim for the time of one labelling job, min")

    def frames_per_shard(self, otherwise: int) -> int:
        """Frames in one labelling job: as many as fit in ``minutes_per_shard``, at least one."""
        if self.minutes_per_label is None:
            return otherwise
        return max(1, int(self.minutes_per_shard / self.minutes_per_label))

    def label_runtime(self) -> int:
        """Time limit of a labelling job, min.

        Twice the expected time and ten minutes for the start. A shard that needs longer loses nothing: finished labels
        are in the store, and the next attempt goes on from there.
        """
        if self.minutes_per_label is None:
            return 720
        expected = self.minutes_per_label * self.frames_per_shard(1)
        return int(2 * expected) + 10


MOST_RUNS = 99  # of a study


class Quantity(NamedTuple):
    """A headline number of a run: what it is in words, its unit, and whether more of it is better (None: neither)."""

    words: str
    unit: str
    more_is_better: bool | None = False

    @property
    def with_unit(self) -> str:
        """The words, and the unit if it has one."""
        return f"{self.words}, {self.unit}" if self.unit else self.words


# Groups of energy-volume curves, by coordination, and all of them: melt2crystal/structure/coordination.py.
CURVES = ("trigonal", "tetrahedral", "octahedral", "cubic", "all")
# Name -> headline number of ``summary.json``; where it is read there: melt2crystal/summary/replicates.py.
QUANTITIES = {
    "held_out_energy_meV_per_atom": Quantity("held-out melt, energy RMSE", "meV/atom"),
    "held_out_force_eV_per_A": Quantity("held-out melt, force RMSE", "eV/Å"),
    **{f"{group}_curves_meV_per_atom": Quantity(f"{group} curves, clamped, raw", "meV/atom") for group in CURVES},
    "relaxed_volumes_percent": Quantity("relaxed volumes, RMS", "%"),
    "crystals_kept": Quantity("crystals kept, relaxed", "", more_is_better=True),
    "spectra_overlap": Quantity("overlap of spectra, mean", "", more_is_better=True),
    "found_energies_meV_per_atom": Quantity("structures found, energy RMSE", "meV/atom"),
    "structures_found": Quantity("structures found", "", more_is_better=None),
}
AIMED_AT = [name for name, quantity in QUANTITIES.items() if quantity.more_is_better is not None]


class Replicates(Section):
    """Runs of the whole study, equal but for their seeds: split, training, exploration and search drawn anew tell how
    far the numbers of one run can be trusted. Run 2 of ``laptop`` is the study ``laptop-replicate-2``, with results of
    its own (docs/guides/replicates.md)."""

    runs: int = amount(1, ge=1, le=MOST_RUNS, description="runs in all, the study itself among them")
    melts: bool = amount(
        False,
        description="whether each run also melts anew, and draws the starts of the benchmarks (rattles, velocities) "
        "anew; false: walks and certified frames are those of the first run, and crystals are judged from its starts",
    )
    aims: dict[str, float] = amount(
        {},
        description="what HP shall reach, quantity -> number: met or missed where the whole 95 % interval over the "
        f"runs says so; quantities: {', '.join(AIMED_AT)}",
    )
    first_seed: int | None = amount(
        None,
        ge=0,
        lt=2**31,
        description="in a replicate, the seed of the first run; replicate=2 sets it, it is not written by hand",
    )

    @field_validator("aims")
    @classmethod
    def _aims_are_known(cls, aims: dict[str, float]) -> dict[str, float]:
        for name in aims:
            if name not in AIMED_AT:
                near = difflib.get_close_matches(name, AIMED_AT, n=1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                raise ValueError(f"{name[:60]!r} can't be aimed at{meant}; quantities: {', '.join(AIMED_AT)}")
            most = 1.0 if name == "spectra_overlap" else math.inf
            if not 0 <= aims[name] <= most:
                between = "0 to 1" if most == 1 else "0 or more"
                raise ValueError(f"{name}: {aims[name]:g} is no number it can have ({between})")
        return aims
