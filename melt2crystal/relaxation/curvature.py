"""BFGS for many functions at once: one inverse Hessian a structure, all of the same size.

ASE's BFGS diagonalises the Hessian in each step to take absolute values of its curvatures. That costs a fifth of a
step at 12 atoms, and more beyond. With steps of negative curvature left out, the inverse stays positive definite, and
as many evaluations reach as low (docs/results/speed.md).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST_CURVATURE = 1e-3  # eV/A^2: a step that met less says nothing of a minimum


def updated(inverses: Array, steps: Array, gradient_changes: Array) -> Array:
    """Inverse Hessians after a step (J. Nocedal and S. J. Wright, ISBN 978-0-387-30303-1, eq. 6.17).

    Args:
        inverses: [n, d, d], Å^2/eV.
        steps: [n, d], Å.
        gradient_changes: [n, d], eV/Å.
    """
    met = np.einsum("ni,ni->n", steps, gradient_changes)
    tells = met > LEAST_CURVATURE * np.einsum("ni,ni->n", steps, steps)
    met = np.where(tells, met, np.inf)
    along = np.einsum("nij,nj->ni", inverses, gradient_changes)
    expected = np.einsum("ni,ni->n", gradient_changes, along)
    weight = np.where(tells, (1 + expected / met) / met, 0.0)
    crossed = along[:, :, None] * (steps / met[:, None])[:, None, :]
    return (
        inverses
        + (weight[:, None] * steps)[:, :, None] * steps[:, None, :]
        - crossed
        - crossed.transpose(0, 2, 1)
    )  # fmt: skip


def newton_steps(inverses: Array, gradients: Array, longest_A: float) -> Array:
    """Steps [n, d] downhill; no atom or row of a cell further than ``longest_A`` in any of them, Å."""
    steps = -np.einsum("nij,nj->ni", inverses, gradients)
    lengths = np.sqrt((steps.reshape(len(steps), -1, 3) ** 2).sum(axis=2)).max(axis=1)
    return steps * np.minimum(1.0, longest_A / np.maximum(lengths, 1e-300))[:, None]
