// What paints: here the browser itself, in a worker. The page that a server sends has another file
// of this name, with the same names in it.

/** What people should know of where their photographs go. */
export const where = "Photographs never leave this device: the browser itself paints.";

/** Whether pictures can keep where their photograph was taken: they keep no metadata at all. */
export const keepsPosition = false;

/**
 * An error in words for people. `passing`: whether trying again may help; `retryAfter`: seconds
 * after which to do so by itself, or null.
 */
export class PaintError extends Error {
  constructor(message, passing, retryAfter = null) {
    super(message);
    this.passing = passing;
    this.retryAfter = retryAfter;
  }
}

let site = null;
let worker = null;
let waiting = new Map(); // number of a request: {resolve, reject}
let last = 0;

/** The networks and limits, as site.json has them. */
export async function open() {
  try {
    site = await (await fetch("site.json")).json();
  } catch {
    throw new PaintError("The page is not complete: site.json can't be read.", true);
  }
  // Workers of this kind are for https and for this computer only; without one there is no offline.
  navigator.serviceWorker?.register("sw.js").catch(() => {});
  return site;
}

/** A photograph to try with, a Blob; null where there is none. */
export async function sample() {
  const answer = await fetch("sample.jpg");
  return answer.ok ? answer.blob() : null;
}

/**
 * Paints a photograph.
 *
 * @param {Blob} photo its file.
 * @param {object} options style, strength, keep_colors, image_size, style_scale, format ("jpg",
 *     "png" or "webp").
 * @param {AbortSignal} signal drops the painting.
 * @returns {Promise<{picture: Blob, notes: string, seconds: number}>}
 * @throws {PaintError} in words; an AbortError where it was dropped.
 */
export function paint(photo, options, signal) {
  return ask({ photo, options, limits: site.limits }, [], signal);
}

/** Paints one frame of a film, an ImageBitmap, which is used up; gives another one. */
export async function frame(bitmap, options) {
  return (await ask({ bitmap, options }, [bitmap])).bitmap;
}

/** No network here enlarges. */
export async function enlarge() {
  throw new PaintError("No network here enlarges.", false);
}

function ask(message, transferred, signal) {
  worker ??= start();
  last += 1;
  const number = last;
  const answer = new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
  signal?.addEventListener("abort", () => {
    // A pass can't be interrupted; another worker is quick to start.
    if (waiting.has(number)) end(signal.reason);
  });
  worker.postMessage({ number, ...message }, transferred);
  return answer;
}

function start() {
  const started = new Worker("painting.js", { type: "module" });
  started.postMessage({ site });
  started.addEventListener("message", ({ data }) => {
    if (data.runtime) {
      document.documentElement.dataset.runtime = data.runtime;
      keep(data.files);
      return;
    }
    const { resolve, reject } = waiting.get(data.number);
    waiting.delete(data.number);
    if (data.error) reject(new PaintError(data.error, data.passing));
    else resolve(data);
    if (data.broken) end();
  });
  started.addEventListener("error", () => {
    end(new PaintError("What paints could not be started in this browser.", true));
  });
  return started;
}

/** Ends the worker, and all that waits for it. */
function end(reason) {
  worker?.terminate();
  worker = null;
  for (const { reject } of waiting.values()) reject(reason);
  waiting = new Map();
}

/** Keeps the files of the runtime for the next visit, which may be without a network. */
async function keep(files) {
  if (!("caches" in self)) return;
  const cache = await caches.open(`${site.cache} ${new URL(".", location.href).pathname}`);
  for (const file of files) {
    if (!(await cache.match(file))) await cache.add(file).catch(() => {}); // a full disk, say
  }
}
