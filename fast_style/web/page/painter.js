// What paints: here the server that the page came from. A page that paints in the browser has
// another file of this name, with the same names in it.

/** What people should know of where their photographs go. */
export const where = "Photographs go to this server only, and are kept nowhere.";

/** Whether pictures can keep where their photograph was taken. */
export const keepsPosition = true;

/** Frames of a film are too much for a request each. */
export const frame = null;

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

/**
 * The networks and limits: {networks: [{name, task, factor, styles: [{name, title, thumbnail}]}],
 * limits: {upload_bytes, upload_pixels, result_pixels, style_scale, formats}}.
 */
export async function open() {
  return (await ask("api/styles")).json();
}

/** A photograph to try with, a Blob; null where there is none. */
export async function sample() {
  const answer = await fetch("api/sample");
  return answer.ok ? answer.blob() : null;
}

/**
 * Paints a photograph.
 *
 * @param {Blob} photo its file.
 * @param {object} options network, style, strength, keep_colors, image_size, style_scale, format
 *     ("jpg", "png" or "webp"), keep_position; what is null is left to the painter.
 * @param {AbortSignal} signal drops the painting.
 * @returns {Promise<{picture: Blob, notes: string, seconds: number}>}
 * @throws {PaintError} in words; an AbortError where it was dropped.
 */
export function paint(photo, options, signal) {
  return picture("api/paint", photo, options, signal);
}

/** Enlarges a picture; as `paint`, with the options network, format and keep_position. */
export function enlarge(photo, options, signal) {
  return picture("api/enlarge", photo, options, signal);
}

async function picture(path, photo, options, signal) {
  const given = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  const answer = await ask(`${path}?${new URLSearchParams(given)}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: photo,
    signal,
  });
  const timing = /dur=([\d.]+)/.exec(answer.headers.get("Server-Timing") ?? "");
  return {
    picture: await answer.blob(),
    notes: decodeURIComponent(answer.headers.get("Notes") ?? ""),
    seconds: timing ? Number(timing[1]) / 1000 : NaN,
  };
}

async function ask(path, request) {
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new PaintError("The server does not answer. Is it still running?", true);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  const passing = answer.status >= 500 || [408, 429].includes(answer.status);
  const words = said.error ?? `The server answered with status ${answer.status}.`;
  throw new PaintError(words, passing, Number(answer.headers.get("Retry-After")) || null);
}
