"""vasprun.xml and OUTCAR as VASP 6 lays them out, cut down to what says something about a single point."""

import numpy as np

LINE = "-" * 104


def vasprun(cell, names, counts, scaled, titels, tags, mesh, steps, energies, entropy, forces, stress_kbar, relaxed):
    """The text of vasprun.xml."""
    atoms = [(name, kind) for kind, name in enumerate(names, 1) for _ in range(counts[kind - 1])]
    rows = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        "<modeling>",
        " <generator>",
        '  <i name="program" type="string">vasp </i>',
        '  <i name="version" type="string">6.4.2  </i>',
        '  <i name="subversion" type="string">composed in the recorded format, not from a VASP run </i>',
        " </generator>",
        " <incar>",
        *(f'  <i type="string" name="{tag}">{value}</i>' for tag, value in tags.items()),
        " </incar>",
        " <kpoints>",
        '  <generation param="Gamma">',
        f'   <v type="int" name="divisions">{"".join(f"{number:9d}" for number in mesh)} </v>',
        "  </generation>",
        " </kpoints>",
        " <parameters>",
        '  <separator name="electronic" >',
        f'   <i name="ENMAX">{float(tags["ENCUT"]):16.8f}</i>',
        '   <separator name="electronic convergence" >',
        f'    <i type="int" name="NELM">{int(tags["NELM"]):6d}</i>',
        "   </separator>",
        "  </separator>",
        " </parameters>",
        " <atominfo>",
        f"  <atoms>{len(atoms):8d} </atoms>",
        f"  <types>{len(names):8d} </types>",
        '  <array name="atoms" >',
        '   <dimension dim="1">ion</dimension>',
        '   <field type="string">element</field>',
        '   <field type="int">atomtype</field>',
        "   <set>",
        *(f"    <rc><c>{name:2s}</c><c>{kind:4d}</c></rc>" for name, kind in atoms),
        "   </set>",
        "  </array>",
        " </atominfo>",
        *_structure("initialpos", cell, scaled, " "),
        " <calculation>",
    ]
    for step in range(steps):
        off = 10.0 ** (1 - step) if step < steps - 1 else 0.0
        rows += ["  <scstep>", '   <time name="total">    0.01    0.01</time>', "   <energy>"]
        rows += [] if step else [f'    <i name="eentropy">{entropy:16.8f} </i>']
        rows += [*_energies(np.add(energies, off), "    "), "   </energy>", "  </scstep>"]
    rows += [
        *_structure("", cell, scaled, "  "),
        *_varray("forces", forces, "  "),
        *_varray("stress", stress_kbar, "  "),
        "  <energy>",
        *_energies(energies, "   "),
        "  </energy>",
        '  <time name="totalsc">    0.11    0.12</time>',
        " </calculation>",
        *_structure("finalpos", cell, scaled, " "),
        "</modeling>",
    ]
    return "\n".join(rows) + "\n"


def _energies(energies, indent):
    keys = ("e_fr_energy", "e_wo_entrp", "e_0_energy")
    return [f'{indent}<i name="{key}">{value:16.8f} </i>' for key, value in zip(keys, energies, strict=True)]


def _varray(name, rows, indent):
    lines = [f"{indent} <v>{''.join(f'{x:17.8f}' for x in row)} </v>" for row in rows]
    return [f'{indent}<varray name="{name}" >', *lines, f"{indent}</varray>"]


def _structure(name, cell, scaled, indent):
    opening = f'{indent}<structure name="{name}" >' if name else f"{indent}<structure>"
    crystal = [*_varray("basis", cell, f"{indent}  "), f'{indent}  <i name="volume">{np.linalg.det(cell):16.8f} </i>']
    crystal = [f"{indent} <crystal>", *crystal, f"{indent} </crystal>"]
    return [opening, *crystal, *_varray("positions", scaled, f"{indent} "), f"{indent}</structure>"]


def outcar(cell, names, counts, scaled, titels, tags, mesh, steps, energies, entropy, forces, stress_kbar, relaxed):
    """The text of OUTCAR."""
    free, without, at_zero = energies
    volume, components = np.linalg.det(cell), ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))
    kbar = [stress_kbar[i, j] for i, j in components]
    reached = steps < int(tags["NELM"])
    rows = [
        " vasp.6.4.2 (composed in the recorded format, not from a VASP run)",
        " running    1 mpi-ranks, with    1 threads/rank, on    1 nodes",
        "",
        " INCAR:",
        *(f"   {tag} = {value}" for tag, value in tags.items()),
        "",
        *(f" POTCAR:    {titel}" for titel in titels),
        *(f"   VRHFIN ={name}:\n   TITEL  = {titel}" for name, titel in zip(names, titels, strict=True)),
        "",
        f"   ions per type ={''.join(f'{count:16d}' if not n else f'{count:4d}' for n, count in enumerate(counts))}",
        " SYSTEM =  melt2crystal",
        " POSCAR =  melt2crystal",
        "",
        "   NWRITE =      2    write-flag & timer",
        f"   NELM   = {int(tags['NELM']):6d};   NELMIN=  2; NELMDL= -5     # of ELM steps",
        f"   EDIFF  = {float(tags['EDIFF']):.1E}   stopping-criterion for ELM",
        "",
    ]
    for step in range(1, steps + 1):
        off = 10.0 ** (2 - step) if step < steps else 0.0
        rows += [f"{'-' * 40} Iteration    1({step:4d})  {'-' * 39}", "", f"  entropy T*S    EENTRO = {entropy:18.8f}"]
        rows += [f"  free energy    TOTEN  = {free + off:18.8f} eV", ""]
    words = "because EDIFF is reached" if reached else "EDIFF was not reached (unconverged) "
    rows += [
        f"{'-' * 24} aborting loop {words} {'-' * 40}",
        "",
        "  FORCE on cell =-STRESS in cart. coord.  units (eV):",
        "  Direction    XX          YY          ZZ          XY          YZ          ZX",
        "  " + "-" * 86,
        *["  Alpha Z     0.00000     0.00000     0.00000"] * 1,
        *(f"  {part:8s}{'     0.00000' * 6}" for part in ("Ewald", "Hartree", "E(xc)", "Local")),
        *(f"  {part:8s}{'     0.00000' * 6}" for part in ("n-local", "augment", "Kinetic", "Fock")),
        "  " + "-" * 85,
        "  Total   " + "".join(f"{x * volume / 1602.176634:12.5f}" for x in kbar),
        "  in kB   " + "".join(f"{x:12.5f}" for x in kbar),
        f"  external pressure = {sum(kbar[:3]) / 3:11.2f} kB  Pullay stress =        0.00 kB",
        "",
        " VOLUME and BASIS-vectors are now :",
        " " + "-" * 77,
        f"  energy-cutoff  :  {float(tags['ENCUT']):10.2f}",
        f"  volume of cell :  {volume:10.2f}",
        "      direct lattice vectors                 reciprocal lattice vectors",
        *(
            "   " + "".join(f"{x:13.9f}" for x in (*row, *back))
            for row, back in zip(cell, np.linalg.inv(cell).T, strict=True)
        ),
        "",
        " POSITION                                       TOTAL-FORCE (eV/Angst)",
        " " + "-" * 83,
        *(
            "".join(f"{x:13.5f}" for x in place) + "   " + "".join(f"{x:14.6f}" for x in force)
            for place, force in zip(scaled @ cell, forces, strict=True)
        ),
        " " + "-" * 83,
        f"    total drift:                         {''.join(f'{x:14.6f}' for x in forces.sum(axis=0))}",
        "",
        LINE,
        "",
        "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
        "  " + "-" * 51,
        f"  free  energy   TOTEN  = {free:18.8f} eV",
        "",
        f"  energy  without entropy= {without:17.8f}  energy(sigma->0) = {at_zero:17.8f}",
        "",
        *([" reached required accuracy - stopping structural energy minimisation", ""] if relaxed else []),
        " General timing and accounting informations for this job:",
        " " + "=" * 56,
        "",
        "                  Total CPU time used (sec):        3.250",
        "                         Elapsed time (sec):        4.000",
    ]
    return "\n".join(rows) + "\n"
