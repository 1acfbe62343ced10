"""An engine that counts what it is asked, and frames to ask it for."""

import numpy as np
from ase.io import read

from melt2crystal.engines.base import Label
from melt2crystal.frames import canonical_frame
from melt2crystal.label.store import label_frames


def frames(count=4):
    crystal = read("data/polymorphs/stishovite.cif")
    result = []
    for seed in range(count):
        frame = crystal.copy()
        frame.rattle(0.02, seed=seed)
        result.append(canonical_frame(frame))
    return result


class Counting:
    """An engine that counts what it is asked and fails where it is told to."""

    name = "counting"

    def __init__(self, failing=(), stop_after=None):
        self.asked, self.failing, self.stop_after = [], set(failing), stop_after

    def identity(self):
        return {"version": 1}

    def check(self):
        pass

    def label(self, frames):
        for number, frame in enumerate(frames):
            if self.stop_after is not None and number == self.stop_after:
                raise KeyboardInterrupt
            self.asked.append(frame.info["frame_id"])
            if number in self.failing:
                yield Label("crashed", "out of memory")
            else:
                yield Label("ok", "", -1.0 * number, np.zeros((len(frame), 3)), np.zeros((3, 3)), 0.1)


def run(engine, store, given):
    return list(label_frames(given, engine, store, 100.0, {}))
