"use strict";
// Atoms and bonds of some cells of a crystal: atoms on faces at both sides, and each central atom with all its ligands.
function cellsOf(structure, bond, cells) {
  const [a, b, c] = structure.cell, atoms = [], at = new Map();
  const place = (f, s) => [0, 1, 2].map(k => (f[0] + s[0]) * a[k] + (f[1] + s[1]) * b[k] + (f[2] + s[2]) * c[k]);
  const add = (index, shift) => {
    const key = `${index} ${shift}`;
    if (!at.has(key)) {
      const [x, y, z] = place(structure.scaled[index], shift);
      at.set(key, atoms.length);
      atoms.push({elem: structure.species[index], x, y, z, bonds: [], bondOrder: [], index: atoms.length, serial: atoms.length});
    }
    return at.get(key);
  };
  const inside = x => x > -1e-3 && x < cells + 1e-3;
  const cross = (p, q) => [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
  const dot = (p, q) => p[0] * q[0] + p[1] * q[1] + p[2] * q[2], length = p => Math.sqrt(dot(p, p));
  const volume = Math.abs(dot(a, cross(b, c)));
  const reach = [cross(b, c), cross(c, a), cross(a, b)].map(n => Math.ceil(bond.cutoff * length(n) / volume) + 1);
  const central = [];
  structure.scaled.forEach((f, index) => {
    for (let i = -1; i <= cells; i++) for (let j = -1; j <= cells; j++) for (let k = -1; k <= cells; k++)
      if (inside(f[0] + i) && inside(f[1] + j) && inside(f[2] + k)) {
        const own = add(index, [i, j, k]);
        if (structure.species[index] === bond.central) central.push([own, index, [i, j, k]]);
      }
  });
  for (const [own, index, shift] of central) {
    const here = place(structure.scaled[index], shift);
    structure.species.forEach((species, other) => {
      if (species !== bond.ligand) return;
      for (let i = -reach[0]; i <= reach[0]; i++) for (let j = -reach[1]; j <= reach[1]; j++)
        for (let k = -reach[2]; k <= reach[2]; k++) {
          const there = [shift[0] + i, shift[1] + j, shift[2] + k];
          const p = place(structure.scaled[other], there);
          const apart = Math.hypot(p[0] - here[0], p[1] - here[1], p[2] - here[2]);
          if (apart < 1e-3 || apart > bond.cutoff) continue;
          const ligand = add(other, there);
          if (atoms[own].bonds.includes(ligand)) continue;
          atoms[own].bonds.push(ligand); atoms[own].bondOrder.push(1);
          atoms[ligand].bonds.push(own); atoms[ligand].bondOrder.push(1);
        }
    });
  }
  return atoms;
}
function hasWebGL() {
  try {
    const canvas = document.createElement("canvas");
    return Boolean(window.WebGLRenderingContext && (canvas.getContext("webgl2") || canvas.getContext("webgl")));
  } catch { return false; }
}
let viewer = null;  // made once: a browser allows few of them
// The crystal with its cell in three dimensions; without WebGL its drawing. Says which it was.
function showStructure(box, structure, bond, cells) {
  if (viewer === null && hasWebGL()) {
    try { viewer = $3Dmol.createViewer(box, {backgroundColor: "white", antialias: true, orthographic: true}); }
    catch (error) { console.warn(`no view in three dimensions: ${error}`); viewer = false; }
  }
  if (!viewer) { showPicture(box, structure); return "picture"; }
  viewer.removeAllModels(); viewer.removeAllShapes(); viewer.removeAllLabels();
  const model = viewer.addModel();
  model.addAtoms(cellsOf(structure, bond, cells));
  model.setStyle({elem: bond.central}, {sphere: {radius: .42, color: structure.colour}, stick: {radius: .1, color: "#999999"}});
  if (bond.ligand !== bond.central)
    model.setStyle({not: {elem: bond.central}}, {sphere: {radius: .28, color: "#d55e00"}, stick: {radius: .1, color: "#999999"}});
  const point = (i, j, k) => { const [a, b, c] = structure.cell;
    return {x: i * a[0] + j * b[0] + k * c[0], y: i * a[1] + j * b[1] + k * c[1], z: i * a[2] + j * b[2] + k * c[2]}; };
  const line = (start, end, color) => viewer.addCylinder({start, end, radius: .035, color, fromCap: 1, toCap: 1});
  for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
    line(point(0, i, j), point(1, i, j), "#333333"); line(point(i, 0, j), point(i, 1, j), "#333333");
    line(point(i, j, 0), point(i, j, 1), "#333333");
  }
  [["a", [1, 0, 0]], ["b", [0, 1, 0]], ["c", [0, 0, 1]]].forEach(([text, end]) => viewer.addLabel(text,
    {position: point(...end), fontColor: "black", backgroundOpacity: 0, fontSize: 14, inFront: true}));
  viewer.zoomTo(); viewer.rotate(-90, "x"); viewer.rotate(-18, "y"); viewer.rotate(14, "x"); viewer.zoom(1.35); viewer.render();
  return "3d";
}
function showPicture(box, structure) {
  box.replaceChildren();
  if (structure.picture) {
    const image = document.createElement("img");
    image.src = `data:image/png;base64,${structure.picture}`;
    image.alt = `${structure.name || structure.id} drawn as coordination polyhedra, with the outline of its cell`;
    box.append(image);
  } else {
    const text = document.createElement("p");
    text.textContent = "This browser has no WebGL, and only the lowest structures are drawn. The CIF opens in any viewer of crystals.";
    box.append(text);
  }
}
