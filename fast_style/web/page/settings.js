// How photographs are painted: strength, strokes, size, colours, and the styles that are chosen.

import { byId, make } from "./elements.js";
import * as styles from "./styles.js";

const SIZES = [[512, "Small"], [1024, "Medium"], [2048, "Large"]];
const MEDIUM = "1024";
const OWN = "own";

const round = (number) => Math.round(100 * number) / 100;

/** All settings, as `setLook` takes them. */
export function look() {
  return {
    strength: byId("strength").value,
    scale: byId("scale").value,
    size: byId("size").value,
    colors: byId("colors").checked,
    styles: styles.remember(),
  };
}

export function setLook(kept) {
  for (const name of ["strength", "scale", "size"]) byId(name).value = kept[name];
  byId("colors").checked = kept.colors;
  if (kept.styles) styles.restore(kept.styles);
  showNumbers();
}

export function showNumbers() {
  byId("strength-out").textContent = `${byId("strength").value} %`;
  byId("scale-out").textContent = `${round(2 ** byId("scale").value)} ×`;
}

/** What the painter is asked for. */
export function options(choice) {
  const size = byId("size").value;
  return {
    network: choice.network,
    style: choice.style,
    strength: byId("strength").value / 100,
    keep_colors: byId("colors").checked,
    image_size: size === OWN ? null : Number(size),
    style_scale: round(2 ** byId("scale").value),
  };
}

/** Offers the sizes in which a photograph can be painted. */
export function offerSizes(photo, limits) {
  const select = byId("size");
  const before = select.value;
  const long = Math.max(photo.width, photo.height);
  const most = Math.floor(long * Math.sqrt(limits.result_pixels / (photo.width * photo.height)));
  const offered = SIZES.filter(([side]) => side < Math.min(long, most)).map(([side, name]) =>
    make("option", { value: String(side), textContent: `${name}, ${side} px` }),
  );
  if (long <= most) {
    const words = `Own size, ${photo.width} × ${photo.height} px`;
    offered.push(make("option", { value: OWN, textContent: words }));
  } else offered.push(make("option", { value: String(most), textContent: `Largest, ${most} px` }));
  select.replaceChildren(...offered);
  const values = offered.map((option) => option.value);
  select.value = [before, MEDIUM, values.at(-1)].find((value) => values.includes(value));
}

/** What was asked for, in words. */
export function describe(choice, asked) {
  const words = [choice.title];
  if (asked.strength < 1) words.push(`strength ${Math.round(100 * asked.strength)} %`);
  if (asked.style_scale !== 1) words.push(`strokes ${asked.style_scale} ×`);
  if (asked.keep_colors) words.push("own colours");
  return words.join(", ");
}
