# Figures: drawn from tables alone, so that a new style recomputes nothing else.


rule figures:
    input:
        PATHS.figures(),
    localrule: True


rule figures_parity:
    input:
        heldout=[f"{RESULTS}/train/{name}/heldout.npz" for name in reversed(STUDY.potentials)],
    output:
        pdf=PATHS.figure("figures_parity", "pdf"),
        png=picture("figures_parity"),
    log:
        log("figures_parity"),
    benchmark:
        cost("figures_parity")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_parity"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 1: parity on held-out melt"
    shell:
        program("figures_parity", "{input.heldout} --pdf {output.pdf} --png {output.png}")


rule figures_energy_volume:
    input:
        lp=[f"{RESULTS}/benchmark/energy_volume/lp.csv"] if STUDY.release.lp.enabled else [],
        hp=f"{RESULTS}/benchmark/energy_volume/hp.csv",
        reference=f"{RESULTS}/benchmark/energy_volume/reference.csv",
        fits=f"{RESULTS}/benchmark/fits.csv",
        vdos=PATHS.spectra,
    output:
        pdf=PATHS.figure("figures_energy_volume", "pdf"),
        png=picture("figures_energy_volume"),
    log:
        log("figures_energy_volume"),
    benchmark:
        cost("figures_energy_volume")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_energy_volume"),
        lp=["--lp"] if STUDY.release.lp.enabled else [],
        settings=style("substance", polymorphs=polymorph_table(STUDY, "title", "space_group")),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 2: energy-volume curves"
    shell:
        program(
            "figures_energy_volume",
            "{input.vdos} {params.lp} {input.lp} --hp {input.hp} --reference {input.reference} --fits {input.fits} "
            "--pdf {output.pdf} --png {output.png}",
        )


rule figures_found_energies:
    input:
        found=f"{RESULTS}/search/found.csv",
    output:
        pdf=PATHS.figure("figures_found_energies", "pdf"),
        png=picture("figures_found_energies"),
    log:
        log("figures_found_energies"),
    benchmark:
        cost("figures_found_energies")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_found_energies"),
        settings=style("search.stable_window_eV_per_atom"),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 3: found structures"
    shell:
        program("figures_found_energies", "--found {input.found} --pdf {output.pdf} --png {output.png}")


rule figures_found_crystals:
    input:
        structures=PATHS.searches("unique.extxyz"),
        tables=PATHS.searches("unique.csv"),
        crystals=PATHS.crystals,
    output:
        pdf=PATHS.figure("figures_found_crystals", "pdf"),
        png=picture("figures_found_crystals"),
    log:
        log("figures_found_crystals"),
    benchmark:
        cost("figures_found_crystals")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_found_crystals"),
        settings=style("substance", polymorphs=polymorph_table(STUDY, "title", "file")),
        packages=packages("matplotlib", "pymatgen-core", "spglib"),
    message:
        "Drawing figure 4: found crystals"
    shell:
        program("figures_found_crystals", "{input.structures} --pdf {output.pdf} --png {output.png}")


rule figures_harmonic:
    input:
        hp=f"{RESULTS}/benchmark/harmonic/hp.csv",
        reference=f"{RESULTS}/benchmark/harmonic/reference.csv",
        walks=PATHS.spectra,
    output:
        pdf=PATHS.figure("figures_harmonic", "pdf"),
        png=picture("figures_harmonic"),
    log:
        log("figures_harmonic"),
    benchmark:
        cost("figures_harmonic")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_harmonic"),
        settings=style(polymorphs=polymorph_table(STUDY, "title", names=HARMONIC)),
        packages=packages("matplotlib"),
    message:
        "Drawing the harmonic spectra"
    shell:
        program(
            "figures_harmonic",
            "{input.walks} --hp {input.hp} --reference {input.reference} --pdf {output.pdf} " "--png {output.png}",
        )
