"""Energy-volume curves: the third-order Birch-Murnaghan equation of state and the error between two curves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ase.units import GPa

Array = npt.NDArray[np.float64]

INSIDE = "ok"
OUTSIDE = "minimum outside the volumes"
FLAT = "no minimum"
FEW = "too few points"


@dataclass(frozen=True)
class EquationOfState:
    """Parameters of one fit with the standard deviations from the fit's covariance (NaN where there is none).

    ``V0`` and ``E0`` belong to the same amount of matter as the volumes and energies that were fitted.
    """

    V0_A3: float
    B0_GPa: float
    B0_prime: float
    E0_eV: float
    V0_error: float
    B0_error: float
    B0_prime_error: float
    E0_error: float
    status: str


def birch_murnaghan(volume_A3: Array, V0_A3: float, B0_GPa: float, B0_prime: float, E0_eV: float) -> Array:
    """Third-order Birch-Murnaghan energy, eV (F. Birch, Phys. Rev. 71, 809 (1947))."""
    x = (V0_A3 / np.asarray(volume_A3, dtype=float)) ** (2 / 3)
    return E0_eV + 9 / 16 * V0_A3 * B0_GPa * GPa * ((x - 1) ** 3 * B0_prime + (x - 1) ** 2 * (6 - 4 * x))


def birch_murnaghan_pressure(volume_A3: Array, V0_A3: float, B0_GPa: float, B0_prime: float) -> Array:
    """Pressure of the same equation, -dE/dV, GPa."""
    x = V0_A3 / np.asarray(volume_A3, dtype=float)
    return 1.5 * B0_GPa * (x ** (7 / 3) - x ** (5 / 3)) * (1 + 0.75 * (B0_prime - 4) * (x ** (2 / 3) - 1))


def volume_at_pressure(pressure_GPa: float, V0_A3: float, B0_GPa: float, B0_prime: float) -> float | None:
    """Volume, Å^3, at which the equation has this pressure; None where it has none between half and 1.3 times V0."""
    from scipy.optimize import brentq

    def difference(volume_A3: float) -> float:
        return float(birch_murnaghan_pressure(np.array(volume_A3), V0_A3, B0_GPa, B0_prime)) - pressure_GPa

    low, high = 0.5 * V0_A3, 1.3 * V0_A3
    if not (np.isfinite([V0_A3, B0_GPa, B0_prime]).all() and difference(low) > 0 > difference(high)):
        return None
    return float(brentq(difference, low, high))


def fit_birch_murnaghan(volume_A3: Array, energy_eV: Array) -> EquationOfState:
    """Least-squares Birch-Murnaghan fit; never fails, but says in ``status`` when it means little.

    The equation is a cubic polynomial in V^(-2/3), so the least-squares problem is linear and has one solution
    (K. Lejaeghere et al., Crit. Rev. Solid State 39, 1 (2014)); the errors come from the Jacobian of the usual
    parameters at the solution and the variance of the residuals, as a non-linear fit would give them.

    Args:
        volume_A3: volumes [n], Å^3, in any order.
        energy_eV: energies [n], eV, of the same amount of matter; points that are not finite are left out.

    Returns:
        The parameters; ``status`` is 'ok', 'minimum outside the volumes' (an extrapolation), 'no minimum' or
        'too few points' (the last two with NaN parameters).
    """
    volumes, energies = np.asarray(volume_A3, dtype=float), np.asarray(energy_eV, dtype=float)
    finite = np.isfinite(volumes) & np.isfinite(energies)
    volumes, energies = volumes[finite], energies[finite]
    if len(np.unique(volumes)) < 5:
        return _nothing(FEW)
    scale = volumes.mean()
    x = (volumes / scale) ** (-2 / 3)
    cubic = np.polynomial.Polynomial.fit(x, energies, 3)
    x0 = _lowest_minimum(cubic, x)
    if x0 is None:
        return _nothing(FLAT)
    second, third = cubic.deriv(2)(x0), cubic.deriv(3)(x0)
    curvature = 4 / 9 * x0**5 * second
    skew = -20 / 9 * x0**6.5 * second - 8 / 27 * x0**7.5 * third
    V0 = scale * x0**-1.5
    B0 = curvature / x0**1.5 / scale / GPa
    B0_prime = -1 - x0**-1.5 * skew / curvature
    parameters = np.array([V0, B0, B0_prime, cubic(x0)], dtype=float)
    errors = _standard_deviations(volumes, energies, parameters)
    status = INSIDE if volumes.min() <= V0 <= volumes.max() else OUTSIDE
    return _with(parameters, errors, status)


def _nothing(status: str) -> EquationOfState:
    return _with(np.full(4, np.nan), np.full(4, np.nan), status)


def _with(parameters: Array, errors: Array, status: str) -> EquationOfState:
    V0, B0, B0_prime, E0 = (float(value) for value in parameters)
    of_V0, of_B0, of_B0_prime, of_E0 = (float(error) for error in errors)
    return EquationOfState(V0, B0, B0_prime, E0, of_V0, of_B0, of_B0_prime, of_E0, status)


def _lowest_minimum(cubic: np.polynomial.Polynomial, x: Array) -> float | None:
    """The minimum of the cubic; a cubic has at most one. None if it lies far off (beyond a factor 2 of the data)."""
    for root in cubic.deriv().roots():
        if np.isreal(root) and x.min() / 2 < root.real < x.max() * 2 and cubic.deriv(2)(root.real) > 0:
            return float(root.real)
    return None


def _standard_deviations(volumes: Array, energies: Array, parameters: Array) -> Array:
    """Standard deviations of V0, B0, B0', E0 from the residuals; NaN without degrees of freedom."""
    freedom = len(volumes) - len(parameters)
    if freedom < 1:
        return np.full(len(parameters), np.nan)
    jacobian = np.empty((len(volumes), len(parameters)))
    for k, value in enumerate(parameters):
        step = 1e-5 * max(abs(value), 1e-3)
        above, below = parameters.copy(), parameters.copy()
        above[k] += step
        below[k] -= step
        jacobian[:, k] = (birch_murnaghan(volumes, *above) - birch_murnaghan(volumes, *below)) / (2 * step)
    residuals = energies - birch_murnaghan(volumes, *parameters)
    width = np.abs(jacobian).max(axis=0)
    scaled = jacobian / width
    covariance = np.linalg.pinv(scaled.T @ scaled) * (residuals @ residuals) / freedom
    return np.sqrt(np.clip(np.diag(covariance), 0, None)) / width


def root_mean_square(values: Array) -> float:
    """Root of the mean square; NaN for nothing."""
    values = np.asarray(values, dtype=float)
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def curve_errors(difference: Array, group: npt.NDArray[np.str_]) -> dict[str, dict[str, float]]:
    """Errors between energy-volume curves: raw, after one shift common to all curves, after a shift of each curve.

    Two methods agree on energies only up to a constant per atom, so the common shift (the mean difference over all
    points of all curves) is no error; what is left is. A shift of its own for each curve leaves the error of its
    shape alone.

    Args:
        difference: model minus reference at each point [n], any unit.
        group: name of the curve each point belongs to [n].

    Returns:
        Name -> {'raw', 'shifted', 'own_shift'}, root mean squares in the unit given.
    """
    shift = difference.mean() if difference.size else 0.0
    result = {}
    for name in dict.fromkeys(group.tolist()):
        of_curve = difference[group == name]
        result[name] = {
            "raw": root_mean_square(of_curve),
            "shifted": root_mean_square(of_curve - shift),
            "own_shift": root_mean_square(of_curve - of_curve.mean()),
        }
    return result
