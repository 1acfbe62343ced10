"""Labels: in how many jobs, how many may fail, which are known beforehand."""

from pydantic import Field

from melt2crystal.settings import Section, amount, place


class Label(Section):
    """Labelling: shards, tolerance, labels known beforehand."""

    frames_per_shard: int = amount(400, ge=1, le=1_000_000, description="frames in one labelling job")
    # no number depends on it: raising it runs the batch that stopped, and nothing else again
    failure_tolerance: float = place(
        0.05,
        ge=0,
        lt=1,
        description="share of the melts of a batch that may fail before the run stops, but at least one frame unless "
        "it is 0; labels that judge (crystals, found structures) may fail, the summary names them",
    )
    compute: bool = Field(
        True,
        description="compute labels that are not known; false: a frame without one fails, no engine is needed",
    )
    known: list[str] = Field(
        [], description="released label files (extended XYZ) looked up before anything is computed"
    )
    largest_force_eV_per_A: float = Field(100.0, gt=0, description="a label with a larger force is unphysical, eV/Å")
