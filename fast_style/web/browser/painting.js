// A worker that paints with ONNX Runtime Web.

const FOLDER = new URL("ort/", location.href).href;
const STRIDE = 4; // sides that the network takes are divisible by it,
const SMALLEST = 8; // and have at least so many pixels
const QUALITY = 0.95;
const TYPES = { jpg: "image/jpeg", png: "image/png", webp: "image/webp" };
const LUMINANCE = [0.299, 0.587, 0.114]; // of ITU-R BT.601

let site = null;
let ready = null; // promise of {ort, session}
let queue = Promise.resolve();

addEventListener("message", ({ data }) => {
  if (data.site) {
    site = data.site;
    ready = load();
    ready.catch(() => {}); // said when a picture is asked for
    return;
  }
  queue = queue.then(() => answer(data)); // one at a time
});

async function answer({ number, photo, bitmap, options, limits }) {
  try {
    await ready;
    if (bitmap) {
      const painted = await paintFrame(bitmap, options);
      postMessage({ number, bitmap: painted }, [painted]);
    } else postMessage({ number, ...(await paintPhoto(photo, options, limits)) });
  } catch (error) {
    const known = error instanceof Refusal;
    if (!known) console.warn(error);
    const words = "The browser could not paint this; a smaller size needs less memory.";
    postMessage({ number, error: known ? error.message : words, passing: !known, broken: !known });
  }
}

/** A picture that is refused, in words for people. */
class Refusal extends Error {}

// The runtime

async function load() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter) {
    try {
      return await start("ort.webgpu.min.mjs", "webgpu");
    } catch (error) {
      console.info("WebGPU does not work here, the processor paints:", error.message);
    }
  }
  return start("ort.wasm.min.mjs", "wasm");
}

async function start(name, provider) {
  const ort = await import(`${FOLDER}${name}`);
  const threads = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1;
  ort.env.logLevel = "error"; // of nodes for which another place is better, it warns always
  ort.env.wasm.wasmPaths = FOLDER;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(new URL(site.network, location.href).href, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
  });
  const runtime = provider === "webgpu" ? "webgpu" : `wasm, ${threads} thread${threads > 1 ? "s" : ""}`;
  postMessage({ runtime, files: site.runtimes[provider] });
  return { ort, session };
}

/** Runs the network: ImageData to ImageData of the same size, opaque. */
async function run(pixels, style) {
  const { ort, session } = await ready;
  const { width, height } = pixels;
  const [wide, high] = [width, height].map((side) =>
    Math.max(SMALLEST, Math.ceil(side / STRIDE) * STRIDE),
  );
  const plane = wide * high;
  const middle = site.centred ? meanColour(pixels) : [0, 0, 0];
  const input = new Float32Array(3 * plane);
  for (let y = 0, to = 0; y < high; y += 1) {
    const row = Math.min(y, height - 1) * width;
    for (let x = 0; x < wide; x += 1, to += 1) {
      const from = 4 * (row + Math.min(x, width - 1)); // the edges are repeated
      for (let c = 0; c < 3; c += 1) input[c * plane + to] = pixels.data[from + c] - middle[c];
    }
  }
  const inputs = { pixels: new ort.Tensor("float32", input, [1, 3, high, wide]) };
  if (site.styles.length > 1) {
    inputs.styles = new ort.Tensor("float32", parts(style), [1, site.styles.length]);
  }
  const { painted } = await session.run(inputs);
  const output = await painted.getData();
  const result = new ImageData(width, height);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 4) {
      const from = y * wide + x;
      for (let c = 0; c < 3; c += 1) result.data[to + c] = output[c * plane + from];
      result.data[to + 3] = 255;
    }
  }
  painted.dispose();
  return result;
}

/** A colour near the middle: the network ignores it, and its sums then keep more digits. */
function meanColour({ data }) {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c += 1) sums[c] += data[i + c];
  return sums.map((sum) => Math.round((4 * sum) / data.length));
}

/** How much of each style a text such as "wave:2,mondrian:1" asks for, parts of 1. */
function parts(text) {
  const weights = new Float32Array(site.styles.length);
  for (const part of text.split(",")) {
    const [name, weight] = part.split(":");
    weights[site.styles.indexOf(name)] = weight === undefined ? 1 : Number(weight);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

// Pictures

async function paintPhoto(photo, options, limits) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo, { premultiplyAlpha: "none" });
  } catch {
    throw new Refusal("This is not an image that this browser can read; take a JPEG or a PNG.");
  }
  check("The photograph has", bitmap.width, bitmap.height, limits.upload_pixels);
  const started = performance.now();
  const scale = options.image_size ? options.image_size / Math.max(bitmap.width, bitmap.height) : 1;
  const [width, height] = sides(bitmap, scale);
  check("The result would have", width, height, limits.result_pixels);
  const [wide, high] = sides({ width, height }, 1 / options.style_scale);
  check("Strokes of this size need", wide, high, limits.result_pixels);
  const own = draw(bitmap, width, height);
  bitmap.close();
  const small = options.style_scale === 1 ? own : draw(own.canvas, wide, high);
  let painted = await run(read(small), options.style);
  if (options.style_scale !== 1) {
    painted = read(draw(put(painted).canvas, width, height));
  }
  const result = finish(read(own), painted, options);
  const seconds = (performance.now() - started) / 1000;
  const canvas = put(options.format === "jpg" ? onWhite(result) : result).canvas;
  const picture = await canvas.convertToBlob({ type: TYPES[options.format], quality: QUALITY });
  return { picture, notes: "", seconds };
}

async function paintFrame(bitmap, options) {
  const own = draw(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  const photo = read(own);
  const result = finish(photo, await run(photo, options.style), options);
  return put(result).canvas.transferToImageBitmap();
}

function check(what, width, height, most) {
  if (width * height > most) {
    const words = `${what} ${width} × ${height} pixels; at most ${most} are possible in all.`;
    throw new Refusal(words);
  }
}

const sides = ({ width, height }, scale) =>
  [width, height].map((side) => Math.max(1, Math.round(side * scale)));

/** The context of a new canvas with a picture in some size. */
function draw(picture, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return context;
}

function put(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const context = canvas.getContext("2d");
  context.putImageData(pixels, 0, 0);
  return context;
}

const read = (context) => context.getImageData(0, 0, context.canvas.width, context.canvas.height);

/** The painting with the photograph's colours, strength and transparency. */
function finish(photo, painted, { strength, keep_colors }) {
  const [ours, theirs] = [photo.data, painted.data];
  for (let i = 0; i < ours.length; i += 4) {
    let change = 0;
    if (keep_colors) {
      for (let c = 0; c < 3; c += 1) change += LUMINANCE[c] * (theirs[i + c] - ours[i + c]);
    }
    for (let c = 0; c < 3; c += 1) {
      const full = keep_colors ? Math.min(255, Math.max(0, ours[i + c] + change)) : theirs[i + c];
      theirs[i + c] = ours[i + c] + strength * (full - ours[i + c]); // rounded and clipped by itself
    }
    theirs[i + 3] = ours[i + 3];
  }
  return painted;
}

function onWhite(pixels) {
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    const part = data[i + 3] / 255;
    for (let c = 0; c < 3; c += 1) data[i + c] = data[i + c] * part + 255 * (1 - part);
    data[i + 3] = 255;
  }
  return pixels;
}
