// The grid of styles, and the sliders that blend several.

import { byId, make } from "./elements.js";

const grid = byId("grid");
const mix = byId("mix");
const blend = byId("blend");
const FULL = 100;

let networks = [];
let changed = () => {};
let chosen = { network: null, weights: new Map() }; // weights: by the style's name, 0 to FULL

/** Fills the grid with the networks that paint; `onChange` is called when the choice changes. */
export function start(all, onChange) {
  networks = all.filter((network) => network.task === "style");
  changed = onChange;
  grid.replaceChildren();
  for (const network of networks) {
    if (networks.length > 1) grid.append(make("h3", { className: "network", textContent: network.name }));
    const tiles = make("div", { className: "tiles" });
    tiles.append(...network.styles.map((style) => tile(network, style)));
    grid.append(tiles);
  }
  byId("blend-label").hidden = !networks.some((network) => network.styles.length > 1);
  if (networks.length) choose(networks[0], networks[0].styles[0]);
  else grid.append(make("p", { className: "quiet", textContent: "No network here paints." }));
  blend.addEventListener("change", () => {
    if (!blend.checked) {
      // The strongest alone.
      const [strongest] = [...chosen.weights].sort((a, b) => b[1] - a[1])[0];
      chosen.weights = new Map([[strongest, FULL]]);
      show();
      changed();
    } else show();
  });
  show();
}

/** The choice: {network, style, title, key}, `style` as the painter takes it; null for none. */
export function choice() {
  const { network, weights } = chosen;
  if (!network) return null;
  const used = [...weights].filter(([, weight]) => weight > 0);
  if (!used.length) return null;
  const title = used.map(([name]) => titleOf(network, name)).join(" and ");
  const style = used.length > 1 ? used.map((pair) => pair.join(":")).join(",") : used[0][0];
  return { network: network.name, style, title };
}

/** The choice as it is, to be given to `restore` later. */
export function remember() {
  return { network: chosen.network, weights: new Map(chosen.weights), blend: blend.checked };
}

export function restore(kept) {
  chosen = { network: kept.network, weights: new Map(kept.weights) };
  blend.checked = kept.blend;
  show();
}

function titleOf(network, name) {
  return network.styles.find((style) => style.name === name).title;
}

function tile(network, style) {
  const face = make("span", { className: "face" });
  if (style.thumbnail) face.append(make("img", { src: style.thumbnail, alt: "", loading: "lazy" }));
  else face.append(style.title.slice(0, 1));
  const button = make(
    "button",
    { type: "button", className: "tile" },
    face,
    make("span", { className: "name", textContent: style.title }),
  );
  button.addEventListener("click", (event) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) blend.checked = network.styles.length > 1;
    choose(network, style);
    show();
    changed();
  });
  button.dataset.network = network.name;
  button.dataset.style = style.name;
  return button;
}

/** Takes a style: alone, or with the others of its network where several are blended. */
function choose(network, style) {
  const { weights } = chosen;
  if (!blend.checked || chosen.network !== network) {
    chosen = { network, weights: new Map([[style.name, FULL]]) };
  } else if (!weights.has(style.name)) weights.set(style.name, FULL / 2);
  else if (weights.size > 1) weights.delete(style.name);
}

function show() {
  for (const button of grid.querySelectorAll(".tile")) {
    const { network, style } = button.dataset;
    button.setAttribute("aria-pressed", String(chosen.network?.name === network && chosen.weights.has(style)));
  }
  mix.hidden = !blend.checked;
  mix.replaceChildren();
  if (!blend.checked) return;
  if (chosen.weights.size < 2) {
    mix.append(make("p", { className: "quiet", textContent: "Choose more styles above to blend them." }));
  }
  for (const [name, weight] of chosen.weights) mix.append(slider(name, weight));
}

function slider(name, weight) {
  const id = `mix-${name}`;
  const output = make("output", { textContent: `${weight} %` });
  const range = make("input", { type: "range", id, min: "0", max: String(FULL), step: "5", value: String(weight) });
  range.addEventListener("input", () => {
    output.textContent = `${range.value} %`;
    chosen.weights.set(name, Number(range.value));
    changed();
  });
  const label = make("label", { htmlFor: id, textContent: titleOf(chosen.network, name) });
  return make("div", { className: "field" }, label, output, range);
}
