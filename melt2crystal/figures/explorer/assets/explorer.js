(() => {
  const data = JSON.parse(document.querySelector("#data").textContent), find = name => document.querySelector(name);
  data.structures.forEach((structure, number) => { structure.number = number; });
  const fixed = digits => value => value === null ? "" : value.toFixed(digits).replace("-", "−");
  const COLUMNS = [
    {title: "name", key: s => s.name},
    {title: "enthalpy above lowest (meV/atom)", key: s => s.above, show: fixed(1)},
    {title: "volume (Å³/atom)", key: s => s.volume, show: fixed(3)},
    {title: "space group", key: s => s.group, text: s => `${s.symbol} (${s.group})`},
    {title: "mean coordination", key: s => s.coordination, show: fixed(2)},
    {title: "formula units", key: s => s.units, show: fixed(0)}, {title: "times found", key: s => s.times, show: fixed(0)},
    {title: "id", key: s => s.id},
  ];
  const textOf = (column, s) => column.text ? column.text(s) : column.show ? column.show(column.key(s)) : column.key(s);
  let chosen = null, sorted = {column: 1, down: false};

  const pressures = [...new Set(data.structures.map(s => s.pressure))].sort((a, b) => a - b);
  for (const pressure of pressures) find("#pressure").append(new Option(String(pressure), String(pressure)));
  for (const {coordination, colour} of data.scale) {
    const tick = document.createElement("span");
    tick.textContent = coordination; tick.style.background = colour;
    find("#scale").append(tick);
  }
  COLUMNS.forEach((column, number) => {
    const head = document.createElement("th"), button = document.createElement("button");
    head.scope = "col"; button.type = "button"; button.textContent = column.title;
    button.addEventListener("click", () => {
      sorted = {column: number, down: sorted.column === number && !sorted.down};
      list();
    });
    head.append(button); find("#structures thead tr").append(head);
  });

  function wanted() {
    const pressure = Number(find("#pressure").value), words = find("#filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    return data.structures.filter(s => s.pressure === pressure && words.every(word =>
      `${s.name} ${s.symbol} ${s.group} ${s.id}`.toLowerCase().includes(word)));
  }
  function inOrder(structures) {
    const {key} = COLUMNS[sorted.column], sign = sorted.down ? -1 : 1;
    return [...structures].sort((s, t) => {
      const a = key(s), b = key(t);
      if (a === null || b === null) return (a === null) - (b === null);  // what isn't known comes last
      const order = typeof a === "number" ? a - b : a.localeCompare(b);
      return order ? sign * order : s.number - t.number;
    });
  }
  function list() {
    const structures = inOrder(wanted());
    document.querySelectorAll("#structures th").forEach((head, number) => {
      if (number === sorted.column) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    find("#structures tbody").replaceChildren(...structures.map(s => {
      const row = document.createElement("tr");
      row.dataset.number = s.number;
      COLUMNS.forEach((column, number) => {
        const cell = row.insertCell();
        if (column.show) cell.className = "number";
        if (number) { cell.textContent = textOf(column, s); return; }
        const button = document.createElement("button");  // a row that the keyboard reaches
        button.type = "button"; button.textContent = s.name || "unnamed";
        cell.append(button);
      });
      row.addEventListener("click", () => choose(s));
      return row;
    }));
    find("#count").textContent = `${structures.length} of ${data.structures.length} structures`;
    mark();
  }
  function redraw() {
    drawLandscape(find("#landscape"), wanted(), data.known.filter(k => k.pressure === Number(find("#pressure").value)), choose);
    list();
  }
  function mark() {
    for (const one of document.querySelectorAll("#structures tbody tr, #landscape circle"))
      one.classList.toggle("chosen", chosen !== null && Number(one.dataset.number) === chosen.number);
  }
  function choose(s) {
    chosen = s;
    mark();
    find("#name").textContent = s.name || s.id;
    find("#view").dataset.way = showStructure(find("#view"), s, data.bond, find("#more").checked ? 2 : 1);
    find("#ways").hidden = false;
    find("#more").closest("label").hidden = find("#view").dataset.way !== "3d";
    const file = find("#cif");
    file.href = `data:chemical/x-cif;charset=utf-8,${encodeURIComponent(s.cif)}`;
    file.download = `${s.id.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._-]+/, "") || "structure"}.cif`;
    file.textContent = `download CIF (${file.download})`;
    const facts = {...Object.fromEntries(COLUMNS.slice(1).map(column => [column.title, textOf(column, s)])),
      ...(s.namedBy ? {"the name is of": s.namedBy} : {}), ...s.facts};
    find("#facts").replaceChildren(...Object.entries(facts).flatMap(([label, text]) => {
      const head = document.createElement("dt"), body = document.createElement("dd");
      head.textContent = label; body.textContent = text;
      return [head, body];
    }));
  }
  find("#landscape").addEventListener("keydown", event => {
    const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const along = wanted().filter(s => s.volume !== null).sort((s, t) => s.volume - t.volume || s.number - t.number);
    if (along.length) choose(along[Math.min(along.length - 1, Math.max(0, along.indexOf(chosen) + step))]);
  });
  find("#pressure").addEventListener("change", redraw);
  find("#filter").addEventListener("input", redraw);
  find("#more").addEventListener("change", () => chosen && choose(chosen));
  redraw();
  const first = inOrder(wanted())[0];
  if (first) choose(first);
})();
