// Enthalpy against volume as SVG. Names are set as text, never as markup.
const SVG = document.querySelector("#landscape").namespaceURI;
function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
function ticksOf(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find(k => k * power >= raw), found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-9) + 1e-12; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}
function drawLandscape(svg, structures, known, choose) {
  const width = 760, height = 320, left = 64, right = 14, top = 12, bottom = 46;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const points = structures.filter(s => s.volume !== null && s.above !== null);
  const all = [...points, ...known];
  if (!all.length) { svg.append(element("text", {x: width / 2, y: height / 2, "text-anchor": "middle"}, "no structure")); return; }
  const extent = (values, least) => { const low = Math.min(...values), high = Math.max(...values), room = Math.max(high - low, least) * .06;
    return [low - room, high + room]; };
  const [x0, x1] = extent(all.map(p => p.volume), .5), [y0, y1] = extent(all.map(p => p.above), 5);
  const x = v => left + (v - x0) / (x1 - x0) * (width - left - right), y = v => height - bottom - (v - y0) / (y1 - y0) * (height - top - bottom);
  svg.append(element("path", {class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}`}));
  for (const v of ticksOf(x0, x1, 8)) svg.append(element("path", {class: "axis", d: `M${x(v)} ${height - bottom}v5`}),
    element("text", {x: x(v), y: height - bottom + 18, "text-anchor": "middle"}, String(v)));
  for (const v of ticksOf(y0, y1, 6)) svg.append(element("path", {class: "axis", d: `M${left} ${y(v)}h-5`}),
    element("text", {x: left - 8, y: y(v) + 4, "text-anchor": "end"}, String(v).replace("-", "−")));
  svg.append(element("text", {x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle"}, "volume (Å³/atom)"),
    element("text", {transform: `translate(14 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle"}, "enthalpy above the lowest (meV/atom)"));
  for (const crystal of known) {
    const cx = x(crystal.volume), cy = y(crystal.above), mark = element("path", {class: "known", d: `M${cx} ${cy - 7}l7 7l-7 7l-7-7z`});
    mark.append(element("title", {}, `${crystal.name} (known): ${crystal.above.toFixed(1)} meV/atom, ${crystal.volume.toFixed(2)} Å³/atom`));
    const last = cx > width - 150;
    svg.append(mark, element("text", {x: cx + (last ? -10 : 10), y: cy - 6, "text-anchor": last ? "end" : "start"}, crystal.name));
  }
  for (const s of [...points].reverse()) {  // the lowest on top
    const point = element("circle", {cx: x(s.volume), cy: y(s.above), r: 5.5, fill: s.colour, "data-number": s.number});
    point.append(element("title", {}, `${s.name || s.id}: ${s.above.toFixed(1)} meV/atom, ${s.volume.toFixed(2)} Å³/atom, ${s.symbol}, CN ${s.coordination ?? "?"}`));
    point.addEventListener("click", () => choose(s));
    svg.append(point);
  }
}
