// One picture on a canvas: where it is seen from, and through which window.

import {load, loadFirst} from './image_data.js';
import {listen} from './image_pointers.js';
import {later} from './image_queue.js';

const SMOOTH_BELOW = 8; // screen pixels a picture's pixel may take before its square is shown as such
const MOST = 40; // the same, at the closest look
const STEP = 1.25;
const AHEAD = 12; // frames that are fetched before they are asked for
const AHEAD_BYTES = 60e6; // and no more of them than this

const scratch = document.createElement('canvas');

export class Pane {
  /** `source` is {src, label, box?, boxFrame?}; `changed(pane, what)` is told of every change of view. */
  constructor(source, changed) {
    this.source = source;
    this.changed = changed;
    this.view = {window: null, inverted: false, flipX: false, flipY: false, scale: 1, x: 0.5, y: 0.5, frame: null};
    this.picture = null;
    this.tool = 'move';
    this.boxes = true;
    this.figure = document.createElement('figure');
    this.figure.className = 'wr-pane';
    this.stage = document.createElement('div');
    this.stage.className = 'wr-stage';
    this.stage.tabIndex = 0;
    this.stage.setAttribute('role', 'group');
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('role', 'img');
    this.readout = document.createElement('div');
    this.readout.className = 'wr-readout';
    this.readout.setAttribute('aria-hidden', 'true');
    this.caption = document.createElement('figcaption');
    this.stage.append(this.canvas, this.readout);
    this.figure.append(this.caption, this.stage);
    this.caption.textContent = source.label;
    this.canvas.setAttribute('aria-label', source.label);
    listen(this);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.stage);
  }

  close() {
    this.resizing.disconnect();
    cancelAnimationFrame(this.drawing);
    this.closed = true;
  }

  /**
   * Fetch a frame (null: the record's own) and show it; what is shown stays until it is there. Of a large picture a
   * coarse one may come first, `seen` is called, and the picture itself follows. Whoever scrolls on meanwhile sees the
   * frames that came on the way.
   */
  async show(frame, seen) {
    const turn = (this.asked = (this.asked || 0) + 1);
    const wanted = this.address(frame);
    if (await this.take(turn, loadFirst(wanted, this.device()), seen)) await this.take(turn, load(wanted), seen);
  }

  /** Show what comes, unless something asked for later is shown; whether there is more to come of it. */
  async take(turn, coming, seen) {
    let picture;
    try {
      picture = await coming;
    } catch (error) {
      if (turn === this.asked) throw error;
      return false;
    }
    if (this.closed || turn < (this.taken || 0)) return false;
    this.taken = turn;
    this.picture = picture;
    if (this.view.frame === null) this.view.frame = picture.about.frame;
    this.draw();
    this.drawNow();
    seen();
    return Boolean(picture.coarse) && turn === this.asked;
  }

  /** Pixels of the screen that the stage has. */
  device() {
    const dense = window.devicePixelRatio || 1;
    return {across: Math.round(this.stage.clientWidth * dense), down: Math.round(this.stage.clientHeight * dense)};
  }

  address(frame) {
    if (frame === null) return this.source.src;
    return `${this.source.src}${this.source.src.includes('?') ? '&' : '?'}frame=${frame}`;
  }

  /** Fetch the frames next to it later, more of them on the side that is scrolled to (`way`: 1 or -1). */
  lookAhead(way) {
    const {frame: shown, frames, halvings} = this.picture.about;
    const many = Math.max(1, Math.min(AHEAD, Math.floor(AHEAD_BYTES / this.picture.bytes)));
    const near = Array.from({length: many}, (_, n) => shown + way * (n + 1)).concat(shown - way);
    const ask = (frame) => (halvings ? loadFirst(this.address(frame), this.device()) : load(this.address(frame)));
    const there = near.filter((frame) => frame >= 0 && frame < frames);
    later(there.map((frame) => () => ask(frame).catch(() => {})));
  }

  // --- the view --------------------------------------------------------------------------------

  /** Screen pixels that a picture's pixel takes when all of it just fits. */
  fitting() {
    const {width, height} = this.picture;
    const {clientWidth, clientHeight} = this.stage;
    return Math.max(Math.min(clientWidth / width, clientHeight / height), 1e-4);
  }

  /** The smallest scale: all of it fits, or each of its pixels takes one of the screen's. */
  least() {
    return Math.min(1, this.trueScale());
  }

  trueScale() {
    return 1 / (this.fitting() * (window.devicePixelRatio || 1));
  }

  zoom() {
    return this.fitting() * this.view.scale;
  }

  /** Zoom by a factor about a place of the stage (its middle by default). */
  zoomBy(factor, at = null) {
    if (!this.picture) return;
    const before = this.zoom();
    const most = Math.max(MOST, this.fitting()) / this.fitting();
    const scale = Math.min(Math.max(this.view.scale * factor, this.least()), most);
    const place = at && this.place(at.x, at.y);
    this.view.scale = scale;
    if (place) {
      const moved = 1 - before / this.zoom();
      this.view.x += (place.x / this.picture.width - this.view.x) * moved;
      this.view.y += (place.y / this.picture.height - this.view.y) * moved;
    }
    this.settle();
  }

  step(inwards) {
    this.zoomBy(inwards ? STEP : 1 / STEP);
  }

  fit() {
    Object.assign(this.view, {scale: 1, x: 0.5, y: 0.5});
    this.settle();
  }

  trueSize() {
    if (!this.picture) return;
    this.view.scale = this.trueScale();
    this.settle();
  }

  /** Move the picture by so many screen pixels. */
  panBy(right, down) {
    if (!this.picture) return;
    const zoom = this.zoom();
    this.view.x -= ((this.view.flipX ? -1 : 1) * right) / (zoom * this.picture.width);
    this.view.y -= ((this.view.flipY ? -1 : 1) * down) / (zoom * this.picture.height);
    this.settle();
  }

  /** The window that is looked through now, as centre and width. */
  window() {
    if (this.view.window) return this.view.window;
    const {centre, window_width: width, windows} = this.picture.about;
    return {centre, width, function: windows[0]?.function || 'LINEAR'};
  }

  setWindow(centre, width, curve = 'LINEAR') {
    if (!Number.isFinite(centre) || !Number.isFinite(width)) return;
    this.view.window = {centre, width: Math.max(width, 1e-6), function: curve};
    this.changedView('window');
  }

  /** Brighter or darker, more or less contrast, in hundredths of the range that is shown. */
  windowBy(width, centre) {
    if (!this.picture) return;
    const [low, high] = this.picture.range;
    const now = this.window();
    const unit = Math.max(now.width, (high - low) / 20) / 100;
    this.setWindow(now.centre + centre * unit, Math.max(now.width + width * unit, (high - low) / 1000), now.function);
  }

  set(changes) {
    Object.assign(this.view, changes);
    this.changedView('look');
  }

  reset() {
    Object.assign(this.view, {window: null, inverted: false, flipX: false, flipY: false, scale: 1, x: 0.5, y: 0.5});
    this.changedView('place');
    this.changedView('window');
  }

  /** Keep the picture in sight, and tell of it. */
  settle() {
    const half = 0.5 / this.view.scale;
    const {clientWidth, clientHeight} = this.stage;
    const zoom = this.picture ? this.zoom() : 1;
    const across = this.picture ? Math.min(0.5, clientWidth / (2 * zoom * this.picture.width)) : half;
    const down = this.picture ? Math.min(0.5, clientHeight / (2 * zoom * this.picture.height)) : half;
    this.view.x = Math.min(Math.max(this.view.x, across), 1 - across);
    this.view.y = Math.min(Math.max(this.view.y, down), 1 - down);
    this.changedView('place');
  }

  changedView(what) {
    this.draw();
    this.changed(this, what);
  }

  /** Take over where another pane looks. */
  follow(pane) {
    Object.assign(this.view, {scale: pane.view.scale, x: pane.view.x, y: pane.view.y});
    this.draw();
  }

  /** The picture's pixel at a place of the stage. */
  place(left, top) {
    const {clientWidth, clientHeight} = this.stage;
    const zoom = this.zoom();
    const right = ((left - clientWidth / 2) / zoom) * (this.view.flipX ? -1 : 1);
    const down = ((top - clientHeight / 2) / zoom) * (this.view.flipY ? -1 : 1);
    return {x: this.view.x * this.picture.width + right, y: this.view.y * this.picture.height + down};
  }

  // --- drawing ---------------------------------------------------------------------------------

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const {across, down} = this.device();
    if (this.closed || !this.picture || !across || !down) return;
    const dense = window.devicePixelRatio || 1;
    if (this.canvas.width !== across || this.canvas.height !== down) {
      this.canvas.width = across;
      this.canvas.height = down;
    }
    const {view, picture} = this;
    const size = this.zoom() * dense; // device pixels a picture's pixel takes
    const depth = size >= 1 ? 0 : Math.floor(Math.log2(1 / size));
    const level = picture.level(depth);
    const reduced = picture.width / level.width > 1 ? 2 ** Math.round(Math.log2(picture.width / level.width)) : 1;
    const middleX = view.x * picture.width;
    const middleY = view.y * picture.height;
    const left = Math.max(Math.floor((middleX - across / 2 / size) / reduced), 0);
    const top = Math.max(Math.floor((middleY - down / 2 / size) / reduced), 0);
    const right = Math.min(Math.ceil((middleX + across / 2 / size) / reduced), level.width);
    const bottom = Math.min(Math.ceil((middleY + down / 2 / size) / reduced), level.height);
    const context = this.canvas.getContext('2d');
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, across, down);
    if (right <= left || bottom <= top) return;
    scratch.width = right - left;
    scratch.height = bottom - top;
    scratch.getContext('2d').putImageData(this.shade(level, left, top, right, bottom), 0, 0);
    const turnX = view.flipX ? -1 : 1;
    const turnY = view.flipY ? -1 : 1;
    const each = size * reduced;
    context.setTransform(
      turnX * each, 0, 0, turnY * each, across / 2 - turnX * middleX * size, down / 2 - turnY * middleY * size,
    );
    context.imageSmoothingEnabled = size < SMOOTH_BELOW;
    context.imageSmoothingQuality = 'high';
    context.drawImage(scratch, left + level.shift, top + level.shift);
    if (this.boxes && this.source.box && (this.source.boxFrame ?? picture.about.frame) === picture.about.frame) {
      context.setTransform(
        turnX * size, 0, 0, turnY * size, across / 2 - turnX * middleX * size, down / 2 - turnY * middleY * size,
      );
      this.outline(context, size / dense);
    }
  }

  /** A part of a level through the window, as pixels to put on a canvas. */
  shade(level, left, top, right, bottom) {
    const {view, picture} = this;
    const key = JSON.stringify([view.window, view.inverted]);
    if (this.shadedBy !== key || this.shadedOf !== picture) {
      this.colours = picture.colours(view.window, view.inverted);
      this.shadedBy = key;
      this.shadedOf = picture;
    }
    const {colours} = this;
    const across = right - left;
    const data = new ImageData(across, bottom - top);
    const out = new Uint32Array(data.data.buffer);
    const {codes} = level;
    let to = 0;
    for (let y = top; y < bottom; y += 1) {
      let at = (y * level.width + left) * picture.channels;
      if (picture.channels === 1) {
        for (const end = to + across; to < end; to += 1, at += 1) out[to] = colours[codes[at]];
      } else {
        for (const end = to + across; to < end; to += 1, at += 3) {
          out[to] =
            (colours[codes[at]] & 0xff0000ff) | (colours[codes[at + 1]] & 0xff00) | (colours[codes[at + 2]] & 0xff0000);
        }
      }
    }
    return data;
  }

  outline(context, zoom) {
    const [x0, y0, x1, y1] = this.source.box;
    for (const [colour, thick] of [['#000', 4], ['#ffd84d', 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = thick / zoom;
      context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
  }

  /** The value under a place of the stage, for the reader who wants it. */
  tell(at) {
    this.under = null;
    if (at && this.picture) {
      const {x, y} = this.place(at.x, at.y);
      const value = this.picture.value(x, y);
      if (value !== null) this.under = {x: Math.floor(x), y: Math.floor(y), value};
    }
    this.changed(this, 'pointer');
  }
}
