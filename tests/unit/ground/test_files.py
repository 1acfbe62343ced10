"""Files are complete or absent, whatever happens while they are written."""

import hashlib

import pytest

from melt2crystal.files import complete, digest_of_file, write_text


def test_a_finished_file_is_renamed_into_place(tmp_path):
    target = tmp_path / "new/folder/x.csv"
    with complete(target) as beside:
        beside.write_text("done")
        assert not target.exists() and beside.suffix == ".csv"
    assert target.read_text() == "done"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path):
    target = tmp_path / "x.json"
    write_text(target, "old")
    with pytest.raises(RuntimeError), complete(target) as beside:
        beside.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), complete(tmp_path / "x"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_text_is_utf8_whatever_the_locale(tmp_path):
    write_text(tmp_path / "x", "\u03b1-quartz \u00c5")
    assert (tmp_path / "x").read_bytes() == "\u03b1-quartz \u00c5".encode()


def test_digest_is_sha256_of_the_content(tmp_path):
    (tmp_path / "x").write_bytes(b"abc" * 100_000)
    assert digest_of_file(tmp_path / "x") == hashlib.sha256(b"abc" * 100_000).hexdigest()
