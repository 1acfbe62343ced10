"""Names that do something where they are pasted into another language: planted in a copy of the ci study."""

import json
import shutil
from pathlib import Path

import yaml

# each runs a command, ends a script, opens mathematics, or is cut to pieces, where it is pasted instead of passed on
COMMAND = "$(touch RAN-{})"
SCRIPT = "</script><script>window.ran='{}'</script><img src=x onerror=window.ran='{}'>"
RESULTS = "out $(touch RAN-results) (a) 'b' \"c\" #ü </script><SCRIPT>window.ran='results'</script>"
FOLDER = "finished $(touch RAN-finished) 'a' #ü @b"  # of the checkout in which the ci study runs
REFERENCE = (
    rf"BKS (classical stand-in for DFT) $\frac{{1$ |{SCRIPT.format('reference', 'reference')} "
    "{wildcards.pressure} ![a](http://evil.example/a.png)"
)
SUBSTANCE = f"sili${{HOME}}ca {SCRIPT.format('substance', 'substance')}"
TITLE = rf"α-$\frac{{1$ {SCRIPT.format('title', 'title')}"


def plant(folder: Path) -> None:
    """Write the study ``hostile`` into a checkout: the ci study with hostile names, and the files that bear them."""
    write(folder, named(folder))


def plant_in_ci(folder: Path) -> None:
    """Give the ci study itself the hostile names, but for the folder of its results."""
    data = named(folder)
    (folder / "config/studies/ci.yaml").write_text(
        yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def named(folder: Path) -> dict:
    """Settings of the ci study with hostile names, whose files now stand in the checkout."""
    data = json.loads(json.dumps(yaml.safe_load((folder / "config/studies/ci.yaml").read_text(encoding="utf-8"))))
    own = folder / "own files; touch RAN-folder"
    own.mkdir()
    potential, reference = own / "melt `touch RAN-potential` & $x 'y'.lmp", own / 'reference "a" #b, c=d.lmp'
    for path in (potential, reference):
        shutil.copy(folder / "data/potentials/silica_bks.lmp", path)
    data["liquid"]["potential"] = str(potential.relative_to(folder))
    data["reference"] |= {"potential": str(reference.relative_to(folder)), "name": REFERENCE}
    crystal = folder / "data/polymorphs" / f"{COMMAND.format('crystal')} %20 (1).cif"
    shutil.copy(folder / "data/polymorphs/alpha_quartz.cif", crystal)
    data["benchmark"]["polymorphs"]["alpha_quartz"] |= {"file": str(crystal.relative_to(folder)), "title": TITLE}
    data["substance"] = {"name": SUBSTANCE}
    return data


def plant_files(folder: Path) -> None:
    """The same for a study that takes everything from files: melts, labels, structures found, potentials."""
    base = yaml.safe_load((folder / "config/studies/released.yaml").read_text(encoding="utf-8"))
    own = folder / "own `touch RAN-labels`"
    own.mkdir()
    named = {}
    for number, name in enumerate(base["label"]["known"]):
        named[name] = f"{own.name}/{COMMAND.format(number)} 'a' {{b-c}} {number}, x=y.extxyz.gz"
        shutil.copy(folder / name, folder / named[name])
    given = own / f"{COMMAND.format('given')} (HP)"
    given.mkdir()
    (given / "manifest.json").write_text('{"frames": [{"frame_id": "a"}]}')
    for member in range(2):
        (given / f"{member}.pb").write_text("a model")
        (given / f"{member}-input.json").write_text('{"model": {"type_map": ["Si", "O"]}}')
    base["label"]["known"] = list(named.values())
    base["liquid"]["frames"] = [named[name] for name in base["liquid"]["frames"]]
    if base.get("search", {}).get("found"):
        base["search"]["found"] = named[base["search"]["found"]]
    base["release"]["hp"]["given"] = str(given.relative_to(folder))
    base["reference"]["name"] = REFERENCE
    write(folder, base)


def write(folder: Path, data: dict) -> None:
    """The study, and its results in a folder of a hostile name."""
    text = json.dumps(data | {"name": "hostile"}, ensure_ascii=False, indent=1)
    (folder / "config/studies/hostile.yaml").write_text(text, encoding="utf-8")
    chosen = json.dumps({"study": "hostile", "results": RESULTS}, ensure_ascii=False)
    (folder / "config/config.yaml").write_text(chosen, encoding="utf-8")


def ran(folder: Path) -> list[str]:
    """Traces of names that were run."""
    return [str(path) for path in folder.rglob("RAN-*")]
