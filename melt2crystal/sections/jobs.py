"""What jobs ask of a machine. All of it amounts: no number depends on it, and a change reruns nothing."""

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
