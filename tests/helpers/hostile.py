"""Names that do something where they are pasted into another language: planted in a copy of the ci study."""

import json
import shutil
from pathlib import Path

import yaml

# each runs a command, ends a script, opens mathematics, or is cut to pieces, where it is pasted instead of passed on
COMMAND = "$(touch RAN-{})"
SCRIPT = "</script><script>window.ran='{}'</script><img src=x onerror=window.ran='{}'>"
RESULTS = "out $(touch RAN-results) (a) 'b' \"c\" #ü </script><SCRIPT>window.ran='results'</script>"
REFERENCE = (
    rf"B$\frac{{1$KS |{SCRIPT.format('reference', 'reference')} {{wildcards.pressure}} ![a](http://evil.example/a.png)"
)
SUBSTANCE = f"sili${{HOME}}ca {SCRIPT.format('substance', 'substance')}"
TITLE = rf"α-$\frac{{1$ {SCRIPT.format('title', 'title')}"


def plant(folder: Path, study: str = "hostile", **changes) -> dict:
    """Write the ci study with hostile names, and the files that bear them, into a checkout; the study as plain data."""
    data = yaml.safe_load((folder / "config/studies/ci.yaml").read_text(encoding="utf-8")) | {"name": study}
    own = folder / "own files; touch RAN-folder"
    own.mkdir(exist_ok=True)
    potential = own / "melt `touch RAN-potential` & $x 'y'.lmp"
    shutil.copy(folder / "data/potentials/silica_bks.lmp", potential)
    data["liquid"]["potential"] = str(potential.relative_to(folder))
    reference = own / 'reference "a" #b, c=d.lmp'
    shutil.copy(folder / "data/potentials/silica_bks.lmp", reference)
    data["reference"] |= {"potential": str(reference.relative_to(folder)), "name": REFERENCE}
    crystal = folder / "data/polymorphs" / f"{COMMAND.format('crystal')} %20 (1).cif"
    shutil.move(folder / "data/polymorphs/alpha_quartz.cif", crystal)
    data["benchmark"]["polymorphs"]["alpha_quartz"] |= {"file": str(crystal.relative_to(folder)), "title": TITLE}
    data["substance"] = {"name": SUBSTANCE}
    data |= changes
    text = json.dumps(data, ensure_ascii=False, indent=1)
    (folder / f"config/studies/{study}.yaml").write_text(text, encoding="utf-8")
    chosen = json.dumps({"study": study, "results": RESULTS}, ensure_ascii=False)
    (folder / "config/config.yaml").write_text(chosen, encoding="utf-8")
    return data
