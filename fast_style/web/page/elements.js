// Small helpers for the page's elements.

/** The element of an id. */
export const byId = (id) => document.getElementById(id);

/** A new element with properties and children. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Calls a function once, some time after the last of many calls. */
export function debounced(action, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

/** Width and height of an image file, as it is shown; null where the browser can't show it. */
export async function sizeOf(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return { width: image.naturalWidth, height: image.naturalHeight };
}

/** A small copy of an image file as a URL, at least `side` pixels wide and high where it can be. */
export async function thumbnail(blob, side) {
  const whole = await createImageBitmap(blob);
  const scale = Math.min(1, side / Math.min(whole.width, whole.height));
  const canvas = make("canvas", {
    width: Math.max(1, Math.round(whole.width * scale)),
    height: Math.max(1, Math.round(whole.height * scale)),
  });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const small = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.85));
  return URL.createObjectURL(small);
}

/** Has the browser save a file. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
