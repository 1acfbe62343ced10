"""Files are complete or absent, whatever happens while they are written."""

import hashlib

import pytest

from melt2crystal.files import append_line, complete, digest_of_file, read_lines, write_text


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


def test_a_journal_grows_by_whole_lines_and_is_read_past_what_was_cut_off(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    assert read_lines(path) == ([], 0)
    append_line(path, '{"a": 1}')
    append_line(path, '{"b": "\\u2028"}')
    assert path.read_bytes() == b'{"a": 1}\n{"b": "\\u2028"}\n'
    path.write_bytes(path.read_bytes()[:-4])  # the last line was being written when the power went
    assert read_lines(path) == ([{"a": 1}], 1)
    append_line(path, '{"c": 3}')
    assert read_lines(path) == ([{"a": 1}, {"c": 3}], 1)
    assert path.read_text().splitlines()[-1] == '{"c": 3}'


def test_a_line_that_lacks_only_its_newline_counts_and_what_is_no_object_does_not(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'[1, 2]\n\n12\n\xff\xfe\n{"a": 1}')
    assert read_lines(path) == ([{"a": 1}], 3)
    append_line(path, '{"b": 2}')
    assert read_lines(path) == ([{"a": 1}, {"b": 2}], 3)
