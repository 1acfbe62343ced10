import numpy as np
import pytest

from melt2crystal.errors import UserError
from melt2crystal.train.deviation import force_deviation, largest_force_deviation, read_model_deviation

HEADER = "# step max_devi_v min_devi_v avg_devi_v max_devi_f min_devi_f avg_devi_f\n"


def test_deviation_is_the_population_standard_deviation_of_the_vectors():
    # two models, forces +a and -a along x on atom 0: mean 0, <|F|^2> = a^2 with 1/n
    forces = np.zeros((2, 3, 3))
    forces[0, 0, 0], forces[1, 0, 0] = 0.7, -0.7
    forces[0, 1], forces[1, 1] = [1, 1, 1], [1, 1, 1]
    assert force_deviation(forces) == pytest.approx([0.7, 0, 0])
    assert largest_force_deviation(forces) == pytest.approx(0.7)


def test_deviation_of_random_gaussian_forces_approaches_root_three_sigma():
    forces = np.random.default_rng(0).normal(scale=0.2, size=(400, 50, 3))
    assert force_deviation(forces).mean() == pytest.approx(0.2 * np.sqrt(3), rel=0.01)


def test_columns_are_found_by_the_header_not_by_position(tmp_path):
    file = tmp_path / "model_devi.out"
    file.write_text("# step max_devi_f devi_e\n0 0.2 9\n10 0.3 9\n")
    table = read_model_deviation(file)
    assert table["max_devi_f"].tolist() == [0.2, 0.3]
    assert table["step"].tolist() == [0, 10]


def test_nan_row_and_truncated_last_line_become_nan_rows(tmp_path):
    file = tmp_path / "model_devi.out"
    file.write_text(HEADER + "0 1 1 1 0.25 0 0\n10 nan nan nan nan nan nan\n20 1 1 1 0.26 0 0\n30 1 1 1 0.2")
    table = read_model_deviation(file)
    assert table["step"].tolist() == [0, 10, 20, 30]
    assert np.isnan(table["max_devi_f"]).tolist() == [False, True, False, True]


def test_a_file_without_header_or_no_file_says_so(tmp_path):
    file = tmp_path / "model_devi.out"
    with pytest.raises(UserError, match="no such file"):
        read_model_deviation(file)
    file.write_text("0 1 1 1 0.2 0 0\n")
    with pytest.raises(UserError, match="header"):
        read_model_deviation(file)
