// <wr-image>: a picture to be looked at closely, and beside it another one.
//
// Attributes, all written by Python: data-key (the same evidence drawn again keeps its view), data-src (address of the
// pixels), data-label, data-box and data-box-frame, data-others (JSON: label and src of what can
// be laid beside it), data-priors (address that lists the same patient's other pictures), data-texts (JSON).

import {Beside} from './image_beside.js';
import {button, choice, field, filled, short, toggle} from './image_controls.js';
import {keysOf} from './image_keys.js';
import {Pane} from './image_pane.js';
import {presetsOf} from './image_presets.js';

const remembered = new Map(); // data-key → views, in this page's memory only
const REMEMBERED = 40;
const SAY_AFTER_MS = 700;

const styles = fetch(new URL('./wr_image.css', import.meta.url)).then(async (response) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(await response.text());
  return sheet;
});

// Everything lies in a shadow root: Gradio brings a page's HTML up to date node by node, and would undo what it finds
// below the element. For the same reason the element may become another picture's, by its attributes alone.
class ImageView extends HTMLElement {
  static observedAttributes = ['data-key', 'data-src', 'data-label', 'data-box', 'data-others', 'data-priors', 'data-texts'];

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({mode: 'open'});
    this.renew();
  }

  disconnectedCallback() {
    this.end();
  }

  attributeChangedCallback(_name, before, now) {
    if (before === now || !this.shadowRoot || this.renewing) return;
    this.renewing = true;
    queueMicrotask(() => {
      this.renewing = false;
      if (this.isConnected) this.renew();
    });
  }

  async renew() {
    this.end();
    this.shadowRoot.adoptedStyleSheets = [await styles];
    if (!this.isConnected || this.panes) return;
    this.evidence = this.dataset.key;
    this.texts = JSON.parse(this.dataset.texts);
    this.others = JSON.parse(this.dataset.others || '[]');
    const kept = remembered.get(this.evidence) || {};
    this.linked = kept.linked ?? true;
    this.panes = [];
    this.viewer = document.createElement('div');
    this.viewer.className = 'wr-viewer';
    this.row = document.createElement('div');
    this.row.className = 'wr-panes';
    this.live = document.createElement('p');
    this.live.className = 'wr-unseen';
    this.live.setAttribute('role', 'status');
    this.viewer.append(this.tools(), this.row, this.frameBar(), this.keysHelp(), this.live);
    this.viewer.addEventListener('keydown', (event) => this.key(event));
    this.shadowRoot.replaceChildren(this.viewer);
    const box = this.dataset.box ? this.dataset.box.split(',').map(Number) : null;
    const {src, label} = this.dataset;
    this.boxes.hidden = !box;
    this.add({src, label, box, boxFrame: box ? Number(this.dataset.boxFrame) : null}, kept.views?.[0]);
    if (kept.beside) this.lay(kept.beside, kept.views?.[1]);
  }

  end() {
    if (!this.panes) return;
    this.remember();
    clearTimeout(this.saying);
    for (const pane of this.panes) pane.close();
    this.panes = null;
  }

  remember() {
    const beside = this.panes[1]?.source || null;
    remembered.delete(this.evidence);
    remembered.set(this.evidence, {linked: this.linked, beside, views: this.panes.map((pane) => ({...pane.view}))});
    if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value);
  }

  // --- panes -----------------------------------------------------------------------------------

  add(source, view = null) {
    const pane = new Pane(source, (...told) => this.changed(...told));
    if (view) Object.assign(pane.view, view);
    pane.stage.setAttribute('aria-label', filled(this.texts.stage, {label: source.label}));
    pane.stage.addEventListener('focus', () => this.activate(pane));
    pane.stage.addEventListener('pointerdown', () => this.activate(pane));
    this.panes.push(pane);
    this.row.append(pane.figure);
    this.row.classList.toggle('wr-two', this.panes.length > 1);
    this.activate(this.panes[0]);
    this.show(pane);
    return pane;
  }

  async show(pane, frame = pane.view.frame, way = 1) {
    const note = this.note(pane, this.texts.loading);
    pane.stage.setAttribute('aria-busy', 'true');
    if (!pane.picture) this.viewer.dataset.state = 'loading';
    try {
      await pane.show(frame, () => {
        if (pane.closed || !this.panes) return;
        this.viewer.dataset.state = 'shown';
        note.remove();
        this.refresh();
      });
      note.remove();
      if (!pane.closed && pane.picture?.about.frame === pane.view.frame) pane.lookAhead(way);
    } catch (error) {
      note.remove();
      if (pane.closed || !this.panes) return;
      this.viewer.dataset.state = 'failed';
      const told = this.note(pane, filled(this.texts.failed, {reason: error.message}));
      told.setAttribute('role', 'alert');
      told.append(button(this.texts.again, () => { told.remove(); this.show(pane, frame); }));
    } finally {
      pane.stage.removeAttribute('aria-busy');
    }
  }

  note(pane, text) {
    pane.figure.querySelector('.wr-note-over')?.remove();
    const note = document.createElement('p');
    note.className = 'wr-note-over';
    note.textContent = text;
    pane.figure.append(note);
    return note;
  }

  activate(pane) {
    this.active = pane;
    for (const one of this.panes) one.figure.classList.toggle('wr-active', one === pane && this.panes.length > 1);
    this.refresh();
  }

  /** Lay another picture beside the first, or none. */
  lay(source, view = null) {
    this.panes.splice(1).forEach((pane) => { pane.close(); pane.figure.remove(); });
    this.row.classList.toggle('wr-two', Boolean(source));
    if (source) {
      const pane = this.add(source, view);
      if (this.linked && !view) pane.follow(this.panes[0]);
    }
    this.beside?.show(source);
    this.activate(this.panes[0]);
    this.link.hidden = !source;
  }

  choose(source, told) {
    if (!this.panes) return;
    this.lay(source);
    if (told) this.announce(told);
  }

  changed(pane, what, step = 0) {
    if (!this.panes) return;
    if (what === 'frame') return this.frameBy(pane, step);
    if (what === 'place' && this.linked) {
      for (const other of this.panes) if (other !== pane && other.picture) other.follow(pane);
    }
    this.read(pane);
    if (what === 'pointer') return undefined;
    this.refresh();
    return this.say();
  }

  frameBy(pane, step) {
    const frames = pane.picture?.about.frames || 1;
    const frame = Math.min(Math.max(pane.view.frame + step, 0), frames - 1);
    if (frame !== pane.view.frame) this.frameTo(pane, frame);
  }

  frameTo(pane, frame) {
    const way = frame < pane.view.frame ? -1 : 1;
    pane.view.frame = frame;
    this.refresh();
    this.show(pane, frame, way).then(() => this.panes && this.say());
  }

  // --- tools -----------------------------------------------------------------------------------

  tools() {
    const {texts} = this;
    const bar = document.createElement('div');
    bar.className = 'wr-tools';
    bar.setAttribute('role', 'toolbar');
    bar.setAttribute('aria-label', texts.tools);
    const on = (act) => () => { if (this.active.picture) act(this.active); };
    this.move = toggle(texts.move, 'move', () => this.take('move'));
    this.shade = toggle(texts.window, 'window', () => this.take('window'));
    this.preset = choice(texts.preset, () => this.choosePreset());
    this.centre = field(texts.centre, (number) => this.typed('centre', number));
    this.width = field(texts.width, (number) => this.typed('width', number));
    this.invert = toggle(texts.invert, 'invert', on((pane) => pane.set({inverted: !pane.view.inverted})));
    this.flipX = toggle(texts.flip_x, 'flip_x', on((pane) => pane.set({flipX: !pane.view.flipX})));
    this.flipY = toggle(texts.flip_y, 'flip_y', on((pane) => pane.set({flipY: !pane.view.flipY})));
    this.boxes = toggle(texts.box, 'box', () => {
      for (const pane of this.panes) { pane.boxes = !pane.boxes; pane.draw(); }
      this.refresh();
    });
    this.link = toggle(texts.linked, 'linked', () => {
      this.linked = !this.linked;
      if (this.linked && this.panes[1]?.picture) this.panes[1].follow(this.panes[0]);
      this.refresh();
    });
    this.link.hidden = true;
    bar.append(
      button(texts.zoom_out, on((pane) => pane.step(false)), 'zoom_out'),
      button(texts.zoom_in, on((pane) => pane.step(true)), 'zoom_in'),
      button(texts.fit, on((pane) => pane.fit()), 'fit'),
      button(texts.true_size, on((pane) => pane.trueSize()), 'true_size'),
      this.move, this.shade, this.preset.field, this.centre.field, this.width.field, this.invert, this.flipX,
      this.flipY, this.boxes, button(texts.reset, on((pane) => pane.reset()), 'reset'),
    );
    this.beside = null;
    if (this.others.length || this.dataset.priors) {
      this.beside = new Beside(this.others, this.dataset.priors, texts, (source, told) => this.choose(source, told));
      bar.append(this.beside.field, this.link);
    }
    if (document.fullscreenEnabled) {
      bar.append(button(texts.full_screen, () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()), 'full_screen'));
    }
    return bar;
  }

  take(tool) {
    for (const pane of this.panes) {
      pane.tool = tool;
      pane.stage.classList.toggle('wr-shading', tool === 'window');
    }
    this.refresh();
  }

  choosePreset() {
    const pane = this.active;
    const preset = pane.picture && presetsOf(pane.picture, this.texts)[Number(this.preset.select.value)];
    if (!preset) return;
    if (preset.file) pane.set({window: null});
    else pane.setWindow(preset.centre, preset.width, preset.function);
  }

  typed(which, number) {
    const pane = this.active;
    if (!pane.picture) return;
    const now = {...pane.window(), [which]: number};
    if (Number.isFinite(now.centre) && now.width > 0) pane.setWindow(now.centre, now.width, now.function);
    else this.refresh();
  }

  frameBar() {
    this.frames = document.createElement('div');
    this.frames.className = 'wr-frames';
    this.slider = document.createElement('input');
    this.slider.type = 'range';
    this.slider.min = 1;
    this.slider.setAttribute('aria-label', this.texts.frame);
    this.slider.addEventListener('input', () => this.frameTo(this.active, Number(this.slider.value) - 1));
    this.count = document.createElement('output');
    this.frames.append(this.slider, this.count);
    this.frames.hidden = true;
    return this.frames;
  }

  keysHelp() {
    const help = document.createElement('details');
    help.className = 'wr-keys';
    const summary = document.createElement('summary');
    summary.textContent = this.texts.keys;
    const list = document.createElement('p');
    list.textContent = this.texts.keys_list;
    help.append(summary, list);
    return help;
  }

  // --- what is seen and said ---------------------------------------------------------------------

  refresh() {
    const pane = this.active;
    if (!pane || !this.panes) return;
    const press = (one, yes) => one.setAttribute('aria-pressed', yes ? 'true' : 'false');
    press(this.move, pane.tool === 'move');
    press(this.shade, pane.tool === 'window');
    press(this.invert, pane.view.inverted);
    press(this.flipX, pane.view.flipX);
    press(this.flipY, pane.view.flipY);
    press(this.boxes, pane.boxes);
    press(this.link, this.linked);
    for (const one of this.panes) this.read(one);
    if (!pane.picture) return;
    const {centre, width} = pane.window();
    this.centre.show(centre);
    this.width.show(width);
    const presets = presetsOf(pane.picture, this.texts);
    const chosen = presets.findIndex((one) => (pane.view.window ? !one.file && one.centre === centre && one.width === width : one.file));
    this.preset.select.replaceChildren(...presets.map((one, n) => new Option(one.name, n)));
    if (chosen < 0) this.preset.select.add(new Option(this.texts.own_window, 'own'));
    this.preset.select.value = chosen < 0 ? 'own' : String(chosen);
    const {frames} = pane.picture.about;
    this.frames.hidden = frames < 2;
    this.slider.max = frames;
    this.slider.value = pane.view.frame + 1;
    this.count.textContent = `${pane.view.frame + 1} / ${frames}`;
    pane.stage.classList.toggle('wr-close', pane.view.scale > 1);
  }

  /** What stands in the corner of a picture. */
  read(pane) {
    if (!pane.picture) return;
    const {centre, width} = pane.window();
    const {unit, frame, frames} = pane.picture.about;
    const parts = [`${Math.round(100 * pane.zoom())} %`, `C ${short(centre)} W ${short(width)}`];
    if (frames > 1) parts.push(`${frame + 1} / ${frames}`);
    if (pane.under) {
      const value = Array.isArray(pane.under.value) ? pane.under.value.join(' ') : short(pane.under.value);
      parts.push(`${pane.under.x}, ${pane.under.y}: ${value} ${unit}`);
    }
    parts.push(...this.turned(pane));
    pane.readout.textContent = parts.join('  ·  ');
  }

  /** In words, how a picture is shown otherwise than it was taken: which side is which is otherwise mistaken. */
  turned(pane) {
    const {flipX, flipY, inverted} = pane.view;
    const {said_flip_x, said_flip_y, said_inverted} = this.texts;
    return [flipX && `⚠ ${said_flip_x}`, flipY && `⚠ ${said_flip_y}`, inverted && said_inverted].filter(Boolean);
  }

  /** Say, once the hand rests, what a sighted reader sees in the corner. */
  say() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      const pane = this.active;
      if (!this.panes || !pane.picture) return;
      const {centre, width} = pane.window();
      const {frames} = pane.picture.about;
      const said = [filled(this.texts.said, {zoom: Math.round(100 * pane.zoom()), centre: short(centre), width: short(width)})];
      if (frames > 1) said.push(filled(this.texts.said_frame, {frame: pane.view.frame + 1, frames}));
      said.push(...this.turned(pane));
      this.announce(said.join(', '));
    }, SAY_AFTER_MS);
  }

  announce(text) {
    this.live.textContent = text;
  }

  // --- keys --------------------------------------------------------------------------------------

  key(event) {
    const pane = this.panes?.find((one) => one.stage === event.target);
    if (!pane || !pane.picture || event.altKey || event.metaKey || event.ctrlKey) return;
    const act = keysOf(this, pane, event.shiftKey)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

customElements.define('wr-image', ImageView);
