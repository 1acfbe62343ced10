"""Explicit seeds: one root seed in the study, one child for each job."""

import zlib

import numpy as np


def sequence_for(root: int, stage: str, *indices: int | str) -> np.random.SeedSequence:
    """The SeedSequence of one job, from the root seed, the stage's name and whatever numbers or names the job."""
    key = [zlib.crc32(str(part).encode()) for part in (stage, *indices)]
    return np.random.SeedSequence(root, spawn_key=key)


def generator_for(root: int, stage: str, *indices: int | str) -> np.random.Generator:
    """A numpy generator for one job."""
    return np.random.default_rng(sequence_for(root, stage, *indices))


def seed_for(root: int, stage: str, *indices: int | str) -> int:
    """A positive integer for engines that want one number; LAMMPS takes none above 900 million."""
    return int(sequence_for(root, stage, *indices).generate_state(1)[0]) % 899_999_999 + 1
