// Pictures as `…/pixels` sends them: codes, what each code means, and the grey that the file wants for it. Of a coarse
// one, for a first look, the codes are those of a level further down; the levels above it are not there.
// What was fetched stays in this page's memory (never in the browser's storage) as long as there is room.

import {queued} from './image_queue.js';

const KEPT_BYTES = 300e6;
const kept = new Map(); // address → {promise, bytes}

/** The picture behind a sealed address; rejects with an Error whose message can be shown, or with Superseded. */
export function load(address) {
  const known = kept.get(address);
  if (known) {
    kept.delete(address);
    kept.set(address, known);
    return known.promise;
  }
  const entry = {bytes: 0};
  entry.promise = queued(() => fetched(address)).then((picture) => {
    entry.bytes = picture.bytes;
    forgetOldest();
    return picture;
  });
  entry.promise.catch(() => kept.delete(address));
  kept.set(address, entry);
  return entry.promise;
}

/** The same for a first look at it, fitted into a stage of so many pixels: it may be coarse. */
export async function loadFirst(address, {across, down}) {
  if (kept.has(address) || !across || !down) return load(address);
  const first = `${address}${address.includes('?') ? '&' : '?'}within=${across}x${down}`;
  const picture = await load(first);
  const entry = kept.get(first);
  if (entry && !picture.coarse) {
    kept.delete(first);
    kept.set(address, entry);
  }
  return picture;
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
    this.coarse = this.about.halvings;
    const each = 2 ** this.coarse;
    const across = Math.ceil(width / each);
    const down = Math.ceil(height / each);
    // A sample of a coarse picture lies at the first of the pixels that it stands for, not in their middle.
    const shift = (1 / each - 1) / 2;
    this.levels = new Map([[this.coarse, {width: across, height: down, shift, codes: new Kind(buffer, at, across * down * channels)}]]);
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.range = low < high ? [low, high] : [low, low + 1];
  }

  /** What the pixel at (x, y) means; null outside, for padding, and as long as only a coarse picture is there. */
  value(x, y) {
    if (this.coarse || x < 0 || y < 0 || x >= this.width || y >= this.height) return null;
    const at = (Math.floor(y) * this.width + Math.floor(x)) * this.channels;
    const codes = this.levels.get(0).codes;
    if (this.channels === 3) return [codes[at], codes[at + 1], codes[at + 2]];
    const value = this.values[codes[at]];
    return Number.isNaN(value) ? null : value;
  }

  /** The picture reduced `depth` times by half, as far as it can be: each pixel the mean of four. */
  level(depth) {
    let last = this.levels.get(this.coarse);
    for (let n = this.coarse + 1; n <= depth && last.width > 1 && last.height > 1; n += 1) {
      if (!this.levels.has(n)) this.levels.set(n, halved(last, this.channels));
      last = this.levels.get(n);
    }
    return last;
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

function halved({width, height, shift, codes}, channels) {
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
  return {width: across, height: down, shift: shift / 2, codes: half};
}
