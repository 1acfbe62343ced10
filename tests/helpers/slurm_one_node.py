"""A real SLURM on this machine alone, for tests: munge, slurmctld and slurmd as root, without systemd or cgroups.

Debian packages: slurmctld slurmd slurm-client munge. By hand, for as long as it is wanted (Ctrl-C ends it)::

    python tests/helpers/slurm_one_node.py

Two partitions share the one node: ``batch`` (the default), and ``accelerated`` with two devices that are copies of
/dev/null, so SLURM hands out GPUs and sets CUDA_VISIBLE_DEVICES on any machine. Every daemon is stopped by its own
process id; the configuration in /etc/slurm (the Snakemake plugin drops SLURM_CONF, so it must lie there) is removed.
"""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel")
ETC = Path("/etc/slurm")
OURS = "# written by melt2crystal/tests/helpers/slurm_one_node.py"
# Claimed, whatever the machine has: jobs of the ci study need less than they ask for, the other tests' jobs sleep.
CPUS, MEMORY_MB, GPUS = 6, 24000, 2


def reason_against() -> str | None:
    """Why SLURM can't be brought up here, or None."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "needs root: slurmd starts jobs"
    conf = ETC / "slurm.conf"
    if conf.exists() and OURS not in conf.read_text():
        return f"{conf} belongs to another SLURM"
    if conf.exists() and _alive(Path(conf.read_text().split("SlurmctldPidFile=")[1].splitlines()[0])):
        return f"{conf}: a SLURM of other tests is up; wait until they end"
    return None


def _alive(pid_file: Path) -> bool:
    """Whether the process whose number a file holds is there."""
    return pid_file.exists() and Path("/proc", pid_file.read_text().strip() or "none").exists()


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OneNode:
    """The daemons and their folder; a context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="m2c-slurm-", dir="/tmp"))
        self.folder.chmod(0o755)  # munge insists that everybody can reach its socket
        self.daemons: list[tuple[str, subprocess.Popen]] = []

    def __enter__(self) -> "OneNode":
        try:
            self._configure()
            self._munge()
            self._daemon("slurmctld", "slurmctld", "-D", "-i")
            self._daemon("slurmd", "slurmd", "-D", "-N", "node1")
            self._wait_for_node()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Cancel what runs, stop the daemons by process id, remove every file that was written."""
        if len(self.daemons) == 3:
            subprocess.run(["scancel", "--user=root", "--full"], capture_output=True)
            self._wait(lambda: not self._ask("squeue", "--noheader"), 15)
        for _, process in reversed(self.daemons):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.daemons = []
        for name in ("slurm.conf", "gres.conf"):
            if (ETC / name).exists() and OURS in (ETC / name).read_text():
                (ETC / name).unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, name: str) -> str:
        """The log of a daemon."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _configure(self) -> None:
        host = socket.gethostname()
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        for number in range(GPUS):
            os.mknod(self.folder / f"gpu{number}", stat.S_IFCHR | 0o666, os.stat("/dev/null").st_rdev)
        ETC.mkdir(exist_ok=True)
        (ETC / "gres.conf").write_text(f"{OURS}\nName=gpu File={self.folder}/gpu[0-{GPUS - 1}]\n")
        (ETC / "slurm.conf").write_text(
            f"""{OURS}
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={_free_port()}
SlurmdPort={_free_port()}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdParameters=config_overrides
MinJobAge=3600
OverTimeLimit=0
KillWait=3
ReturnToService=2
MpiDefault=none
GresTypes=gpu
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs={CPUS} RealMemory={MEMORY_MB} Gres=gpu:{GPUS} State=UNKNOWN
PartitionName=batch Nodes=node1 Default=YES MaxTime=2-00:00:00 State=UP
PartitionName=accelerated Nodes=node1 MaxTime=1-00:00:00 State=UP
"""
        )

    def _munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        self._daemon(
            "munged",
            *("munged", "--foreground", "--num-threads=2", f"--key-file={key}", f"--socket={self.folder}/munge.socket"),
            *(f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/munged.seed"),
        )
        self._wait(lambda: (self.folder / "munge.socket").exists(), 10)

    def _daemon(self, name: str, *command: str) -> None:
        with open(self.folder / f"{name}.log", "w") as log:
            environment = {**os.environ, "PATH": _path()}
            started = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
            )
        self.daemons.append((name, started))

    def _wait_for_node(self) -> None:
        def idle() -> bool:
            ended = [name for name, process in self.daemons if process.poll() is not None]
            if ended:
                raise RuntimeError(f"{ended[0]} ended: {self.log(ended[0])[-2000:]}")
            return self._ask("sinfo", "--noheader", "--format=%T", "--partition=batch").strip() == "idle"

        if not self._wait(idle, 30):
            raise RuntimeError(f"the node did not come up: {self.log('slurmd')[-2000:]}")

    @staticmethod
    def _ask(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout

    @staticmethod
    def _wait(condition, seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if condition():
                return True
            time.sleep(0.1)
        return False


if __name__ == "__main__":
    against = reason_against()
    if against:
        raise SystemExit(f"no SLURM here: {against}")
    with OneNode() as node:
        print(f"SLURM is up (configuration {ETC}/slurm.conf, logs {node.folder}); Ctrl-C ends it", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
