"""make env-espresso on machines that have everything, may install it, or may not; programs are stand-ins."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from melt2crystal.sections.reference import EspressoReference

SCRIPT = Path("envs/install_espresso.sh")
BASICS = (
    "bash",
    "env",
    "sha256sum",
    "mktemp",
    "awk",
    "sed",
    "head",
    "rm",
    "timeout",
    "readlink",
    "cat",
    "chmod",
    "cp",
    "true",
)
PW = "echo; echo '     Program PWSCF v.6.7MaX starts on  1Jan2026 at  0: 0: 0'; exit 1"
APT = """echo "$@" >> {folder}/apt
case "$*" in *install*)
    for name in pw.x mpirun; do cp {folder}/$name {folder}/bin/$name; chmod +x {folder}/bin/$name; done
    cp {folder}/*.UPF {folder}/pseudo/
esac"""


@pytest.fixture
def machine(tmp_path):
    """A PATH with the basics, packages beside it, and the script with pseudopotentials of its own."""
    for name in ("bin", "pseudo"):
        (tmp_path / name).mkdir()
    for name in BASICS:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    text = SCRIPT.read_text().replace("FOLDER=/usr/share/espresso/pseudo", f"FOLDER={tmp_path}/pseudo")
    for name in EspressoReference().pseudopotentials.values():
        (tmp_path / name).write_text(f"content of {name}")
        digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        text = re.sub(rf"\[{re.escape(name)}\]=\w+", f"[{name}]={digest}", text)
    (tmp_path / "install.sh").write_text(text)
    for name, content in {"pw.x": PW, "mpirun": "exit 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{content}\n")
    program(tmp_path, "ldd", "exit 0")
    program(tmp_path, "apt-cache", "exit 0")
    return tmp_path


def program(machine, name, content):
    path = machine / "bin" / name
    path.write_text(f"#!/bin/bash\n{content.replace('{folder}', str(machine))}\n")
    path.chmod(0o755)


def install(machine):
    command = [str(shutil.which("bash")), str(machine / "install.sh")]
    return subprocess.run(command, env={"PATH": f"{machine}/bin"}, capture_output=True, text=True, timeout=60)


def test_the_installer_knows_the_pinned_pseudopotentials():
    default = EspressoReference()
    for symbol, name in default.pseudopotentials.items():
        assert f"[{name}]={default.checksums[symbol]}" in SCRIPT.read_text()


def test_root_installs_once(machine):
    program(machine, "id", "echo 0")
    program(machine, "apt-get", APT)
    for _ in range(2):
        done = install(machine)
        assert done.returncode == 0, done.stderr
        assert "v.6.7MaX" in done.stdout
    calls = (machine / "apt").read_text().splitlines()
    assert len(calls) == 1 and "--no-install-recommends quantum-espresso quantum-espresso-data" in calls[0]


def test_without_package_lists_they_are_fetched_first(machine):
    program(machine, "id", "echo 0")
    program(machine, "apt-get", APT)
    program(machine, "apt-cache", "exit 100")
    assert install(machine).returncode == 0
    assert [("update" in call) for call in (machine / "apt").read_text().splitlines()] == [True, False]


def test_without_root_it_says_what_to_do(machine):
    program(machine, "id", "echo 1000")
    program(machine, "apt-get", APT)
    for sudo in (None, "echo a password is needed >&2; exit 1"):
        if sudo:
            program(machine, "sudo", sudo)
        done = install(machine)
        assert done.returncode == 1 and not (machine / "apt").exists()
        for advice in ("administrator", "conda-forge", "reference.command", "this needs root"):
            assert advice in done.stderr
    program(machine, "sudo", 'shift; exec "$@"')
    done = install(machine)
    assert done.returncode == 0, done.stderr


def test_without_debian_it_says_what_to_do(machine):
    program(machine, "id", "echo 0")
    done = install(machine)
    assert done.returncode == 1 and "there is no apt-get" in done.stderr and "conda-forge" in done.stderr


def test_an_altered_pseudopotential_and_a_broken_pw_x_are_found(machine):
    program(machine, "id", "echo 0")
    program(machine, "apt-get", APT)
    assert install(machine).returncode == 0
    altered = machine / "pseudo" / "O.pbe-kjpaw.UPF"
    content = altered.read_text()
    altered.write_text("other content")
    done = install(machine)
    assert done.returncode == 1 and "O.pbe-kjpaw.UPF: the checksum is" in done.stderr
    altered.write_text(content)
    program(machine, "pw.x", "echo 'error while loading shared libraries' >&2; exit 127")
    done = install(machine)
    assert done.returncode == 1 and "does not start" in done.stderr


def test_the_slow_algebra_library_is_noticed(machine):
    program(machine, "id", "echo 0")
    program(machine, "apt-get", APT)
    program(machine, "ldd", "echo 'libblas.so.3 => /usr/lib/x86_64-linux-gnu/blas/libblas.so.3 (0x0)'")
    done = install(machine)
    assert done.returncode == 0 and "slow reference BLAS" in done.stderr
