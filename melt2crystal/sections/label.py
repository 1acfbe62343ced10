"""Labels: in how many jobs, how many may fail, which are known beforehand."""

from pydantic import Field

from melt2crystal.settings import Section, amount


class Label(Section):
    """Labelling: shards, tolerance, labels known beforehand."""

    frames_per_shard: int = amount(400, ge=1, le=1_000_000, description="frames in one labelling job")
    failure_tolerance: float = Field(
        0.05, ge=0, lt=1, description="share of requested frames that may fail before the run stops"
    )
    compute: bool = Field(
        True,
        description="compute labels that are not known; false: a frame without one fails, no engine is needed",
    )
    known: list[str] = Field(
        [], description="released label files (extended XYZ) looked up before anything is computed"
    )
    largest_force_eV_per_A: float = Field(100.0, gt=0, description="a label with a larger force is unphysical, eV/Å")
