# Figures of the known crystals: curves, relaxed crystals, harmonic spectra.


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
        settings=style(
            "substance",
            "benchmark.energy_volume.ions",
            polymorphs=polymorph_table(STUDY, "title", "space_group"),
            melts_seen={
                name: pressures_seen(STUDY, name) for name in STUDY.potentials if name not in PATHS.trained_elsewhere
            },
        ),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 2: energy-volume curves"
    shell:
        program(
            "figures_energy_volume",
            "{input.vdos} {params.lp} {input.lp} --hp {input.hp} --reference {input.reference} --fits {input.fits} "
            "--pdf {output.pdf} --png {output.png}",
        )


rule figures_relaxed:
    input:
        crystals=f"{RESULTS}/benchmark/relaxed/crystals.csv",
    output:
        pdf=PATHS.figure("figures_relaxed", "pdf"),
        png=picture("figures_relaxed"),
    log:
        log("figures_relaxed"),
    benchmark:
        cost("figures_relaxed")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_relaxed"),
        settings=style(polymorphs=polymorph_table(STUDY, "title")),
        packages=packages("matplotlib"),
    message:
        "Drawing the relaxed crystals"
    shell:
        program("figures_relaxed", "--crystals {input.crystals} --pdf {output.pdf} --png {output.png}")


rule figures_melt:
    input:
        states=PATHS.melts_compared,
        distributions=[table.removesuffix(".csv") + "-distributions.csv" for table in PATHS.melts_compared],
    output:
        pdf=PATHS.figure("figures_melt", "pdf"),
        png=picture("figures_melt"),
    log:
        log("figures_melt"),
    benchmark:
        cost("figures_melt")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figures_melt"),
        settings=style("substance"),
        packages=packages("matplotlib"),
    message:
        "Drawing the melts of the potentials"
    shell:
        program("figures_melt", "{input.states} --pdf {output.pdf} --png {output.png}")


rule figures_harmonic:
    input:
        hp=f"{RESULTS}/benchmark/harmonic/hp.csv",
        reference=f"{RESULTS}/benchmark/harmonic/reference.csv",
        overlaps=f"{RESULTS}/benchmark/harmonic/overlaps.csv",
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
            "{input.walks} --hp {input.hp} --reference {input.reference} --overlaps {input.overlaps} --pdf {output.pdf} "
            "--png {output.png}",
        )
