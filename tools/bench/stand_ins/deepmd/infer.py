"""``DeepPot``: forces that depend on nothing but the model's path, so that an ensemble disagrees with itself."""

import zlib

import numpy as np


class DeepPot:
    """One model."""

    def __init__(self, path: str) -> None:
        self.seed = zlib.crc32(path.encode())

    def get_type_map(self) -> list[str]:
        """Species."""
        return ["Si", "O"]

    def eval(
        self, coordinates: np.ndarray, cells: np.ndarray, types: list[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Energy [frames, 1], forces [frames, atoms, 3], virial [frames, 9], all small."""
        frames, atoms = len(coordinates), len(types)
        forces = np.random.default_rng(self.seed).normal(scale=0.1, size=(frames, atoms, 3))
        return np.zeros((frames, 1)), forces, np.zeros((frames, 9))
