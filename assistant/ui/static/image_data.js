// Pictures as `…/pixels` sends them: codes, what each code means, and the grey that the file wants for it.
// What was fetched stays in this page's memory (never in the browser's storage) as long as there is room.

const KEPT_BYTES = 300e6;
const kept = new Map(); // address → {promise, bytes}

/** The picture behind a sealed address; rejects with an Error whose message can be shown. */
export function load(address) {
  const known = kept.get(address);
  if (known) {
    kept.delete(address);
    kept.set(address, known);
    return known.promise;
  }
  const entry = {bytes: 0};
  entry.promise = fetched(address).then((picture) => {
    entry.bytes = picture.bytes;
    forgetOldest();
    return picture;
  });
  entry.promise.catch(() => kept.delete(address));
  kept.set(address, entry);
  return entry.promise;
}

function forgetOldest() {
  let total = 0;
  for (const entry of kept.values()) total += entry.bytes;
  for (const [address, entry] of kept) {
    if (total <= KEPT_BYTES || kept.size === 1) return;
    total -= entry.bytes;
    kept.delete(address);
  }
}

async function fetched(address) {
  const response = await fetch(address, {credentials: 'same-origin', cache: 'no-store'});
  if (!response.ok) throw new Error(await reason(response));
  return new Picture(await response.arrayBuffer());
}

async function reason(response) {
  try {
    return String((await response.json()).detail);
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

export class Picture {
  constructor(buffer) {
    const size = new DataView(buffer).getUint32(0, true);
    this.about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
    const {width, height, channels, bits, codes} = this.about;
    let at = 4 + size;
    this.values = new Float32Array(buffer, at, codes);
    at += 4 * codes;
    this.shown = new Uint8Array(buffer, at, codes);
    at += Math.ceil(codes / 8) * 8;
    const Kind = bits === 16 ? Uint16Array : Uint8Array;
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.bytes = buffer.byteLength;
    this.levels = [{width, height, codes: new Kind(buffer, at, width * height * channels)}];
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.range = low < high ? [low, high] : [low, low + 1];
  }

  /** What the pixel at (x, y) means; null outside and for padding. */
  value(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return null;
    const at = (Math.floor(y) * this.width + Math.floor(x)) * this.channels;
    const codes = this.levels[0].codes;
    if (this.channels === 3) return [codes[at], codes[at + 1], codes[at + 2]];
    const value = this.values[codes[at]];
    return Number.isNaN(value) ? null : value;
  }

  /** The picture reduced `depth` times by half: each pixel the mean of four. */
  level(depth) {
    while (this.levels.length <= depth) {
      const last = this.levels[this.levels.length - 1];
      if (last.width < 2 || last.height < 2) break;
      this.levels.push(halved(last, this.channels));
    }
    return this.levels[Math.min(depth, this.levels.length - 1)];
  }

  /** For each code its colour as little-endian RGBA; `window` is null for the grey that the file wants. */
  colours(window, inverted) {
    const count = this.values.length;
    const colours = new Uint32Array(count);
    const turned = Boolean(inverted) !== (this.about.inverse && window !== null);
    for (let code = 0; code < count; code += 1) {
      const value = this.values[code];
      let grey = window === null ? this.shown[code] : 0;
      if (Number.isNaN(value)) {
        colours[code] = 0xff000000;
        continue;
      }
      if (window !== null) grey = Math.round(255 * through(value, window));
      if (turned) grey = 255 - grey;
      colours[code] = 0xff000000 | (grey * 0x010101);
    }
    return colours;
  }
}

/** The share of full brightness of a value (DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3). */
function through(value, {centre, width, function: curve}) {
  if (curve === 'SIGMOID') return 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  if (curve === 'LINEAR_EXACT') return clamped((value - centre) / width + 0.5);
  if (width <= 1) return value > centre - 0.5 ? 1 : 0;
  return clamped((value - (centre - 0.5)) / (width - 1) + 0.5);
}

function clamped(share) {
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

function halved({width, height, codes}, channels) {
  const across = Math.ceil(width / 2);
  const down = Math.ceil(height / 2);
  const half = new codes.constructor(across * down * channels);
  const row = width * channels;
  let to = 0;
  for (let y = 0; y < down; y += 1) {
    const upper = 2 * y * row;
    const lower = 2 * y + 1 < height ? upper + row : upper;
    for (let x = 0; x < across; x += 1) {
      const left = 2 * x * channels;
      const right = 2 * x + 1 < width ? left + channels : left;
      for (let c = 0; c < channels; c += 1) {
        half[to] =
          (codes[upper + left + c] + codes[upper + right + c] + codes[lower + left + c] + codes[lower + right + c] + 2) >> 2;
        to += 1;
      }
    }
  }
  return {width: across, height: down, codes: half};
}
