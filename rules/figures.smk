# Figures: drawn from tables alone, so that a new style recomputes nothing else.


rule figures:
    input:
        figures(),
    localrule: True


rule figure_parity:
    input:
        hp=f"{RESULTS}/train/hp/heldout.npz",
        lp=f"{RESULTS}/train/lp/heldout.npz",
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_parity']}.pdf",
        png=picture("figure_parity"),
    log:
        log("figure_parity"),
    benchmark:
        cost("figure_parity")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_parity"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 1: parity on held-out melt"
    shell:
        "python scripts/figure_parity.py --hp {input.hp} --lp {input.lp} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"


rule figure_energy_volume:
    input:
        lp=f"{RESULTS}/benchmark/energy_volume/lp.csv",
        hp=f"{RESULTS}/benchmark/energy_volume/hp.csv",
        reference=f"{RESULTS}/benchmark/energy_volume/reference.csv",
        fits=f"{RESULTS}/benchmark/fits.csv",
        vdos=spectra(),
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_energy_volume']}.pdf",
        png=picture("figure_energy_volume"),
    log:
        log("figure_energy_volume"),
    benchmark:
        cost("figure_energy_volume")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_energy_volume"),
        settings=style("substance", polymorphs=polymorphs_for_figures("title", "space_group")),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 2: energy-volume curves"
    shell:
        "python scripts/figure_energy_volume.py {input.vdos} --lp {input.lp} --hp {input.hp} "
        "--reference {input.reference} --fits {input.fits} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"


rule figure_search:
    input:
        found=f"{RESULTS}/search/found.csv",
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_search']}.pdf",
        png=picture("figure_search"),
    log:
        log("figure_search"),
    benchmark:
        cost("figure_search")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_search"),
        settings=style("search.stable_window_eV_per_atom"),
        packages=packages("matplotlib"),
    message:
        "Drawing figure 3: found structures"
    shell:
        "python scripts/figure_search.py --found {input.found} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"


rule figure_found:
    input:
        structures=found_by_pressure("unique.extxyz"),
        tables=found_by_pressure("unique.csv"),
        crystals=[polymorph.file for polymorph in STUDY.benchmark.polymorphs.values()],
    output:
        pdf=f"{RESULTS}/figures/{FILE_OF['figure_found']}.pdf",
        png=picture("figure_found"),
    log:
        log("figure_found"),
    benchmark:
        cost("figure_found")
    localrule: True
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("figure_found"),
        settings=style("substance", polymorphs=polymorphs_for_figures("title", "file")),
        packages=packages("matplotlib", "pymatgen-core", "spglib"),
    message:
        "Drawing figure 4: found crystals"
    shell:
        "python scripts/figure_found.py {input.structures} --pdf {output.pdf} --png {output.png} "
        "--settings {params.settings:q} > {log} 2>&1"
