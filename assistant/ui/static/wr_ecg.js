// <wr-ecg>: the tools of a signal's page. The page itself is drawn by the server: each choice asks for it anew.
import { Calipers } from "./ecg_calipers.js";

const CSS_MM = 96 / 25.4; // the browser's own idea of a millimetre, in pixels
const STEP = 1.25;
const KEPT = 8;
const [PHONE, READABLE] = [400, 620]; // pixels: on a narrower paper a page begins as wide as can be read, not fitted
// What a reader had chosen for a page, so that it stays when the same evidence is drawn again. In memory only.
const states = new Map();

const remembered = (key) => {
  const state = states.get(key) ?? { choices: {}, zoom: undefined, left: 0, top: 0, own: [], march: false, html: null };
  states.delete(key);
  states.set(key, state);
  if (states.size > KEPT) states.delete(states.keys().next().value);
  return state;
};

const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole);

const style = new CSSStyleSheet();
fetch(new URL("css/ecg.css", import.meta.url)).then((answer) => answer.text()).then((text) => style.replaceSync(text));

// Gradio changes the page's HTML in place, node by node. What a reader does therefore happens in a shadow root, out of
// its reach; the element's own content stays as the server wrote it and is what the shadow begins with.
class EcgPage extends HTMLElement {
  static observedAttributes = ["data-key", "data-src"];

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [style];
    this.resized = new ResizeObserver(() => this.tellScale());
    this.root.addEventListener("click", (event) => this.press(event));
    this.root.addEventListener("change", (event) => this.choose(event));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  connectedCallback() {
    this.begin();
  }

  attributeChangedCallback(name, before) {
    if (before !== null && this.isConnected) queueMicrotask(() => this.begin()); // its content is changed after it
  }

  disconnectedCallback() {
    this.asked?.abort();
    this.resized.disconnect();
    this.begun = null;
  }

  // Draw what the element now stands for; the same again is left as it is.
  begin() {
    const now = `${this.dataset.key} ${this.dataset.src}`;
    if (!this.isConnected || this.begun === now) return;
    this.begun = now;
    this.asked?.abort();
    this.texts = JSON.parse(this.dataset.say);
    this.root.innerHTML = this.querySelector("noscript").textContent;
    this.tools = this.root.querySelector(".ecg-tools");
    this.view = this.root.querySelector(".ecg-view");
    this.reading = this.root.querySelector(".ecg-reading");
    this.state = remembered(this.dataset.key);
    this.restoreTools();
    this.paper = null;
    if (this.state.html) this.show(this.state.html);
    else {
      this.prepare();
      this.draw();
    }
  }

  say(name, fields = {}) {
    return fill(this.texts[name], fields);
  }

  number(value, digits) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.dataset.lang, options).format(value);
  }

  tell(text) {
    if (this.reading.textContent !== text) this.reading.textContent = text;
  }

  tool(name) {
    return this.tools.querySelector(`[data-ecg="${name}"]`);
  }

  restoreTools() {
    for (const [name, value] of Object.entries(this.state.choices)) {
      const tool = this.tool(name);
      if (tool?.tagName === "BUTTON") tool.setAttribute("aria-pressed", String(value));
      else if (tool) tool.value = value;
    }
    this.tool("march").setAttribute("aria-pressed", String(this.state.march));
  }

  // --- the drawing ---------------------------------------------------------------------------------
  async draw() {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const url = new URL(this.dataset.src, location.href);
    for (const [name, value] of Object.entries(this.state.choices)) {
      if (value !== "") url.searchParams.set(name, value);
    }
    this.view.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: asked.signal, cache: "no-store" });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? answer.statusText);
      const html = await answer.text();
      if (asked.signal.aborted) return;
      this.state.html = html;
      this.show(html);
    } catch (error) {
      if (!asked.signal.aborted) this.tell(this.say("failed", { reason: error.message }));
    } finally {
      if (this.asked === asked) this.view.removeAttribute("aria-busy");
    }
  }

  show(html) {
    const focused = this.view.contains(this.root.activeElement);
    this.keepPlace();
    this.view.innerHTML = html;
    this.prepare();
    if (focused) this.paper.focus({ preventScroll: true });
  }

  prepare() {
    this.paper = this.view.querySelector(".wr-paper");
    this.sheet = this.paper.querySelector(".ecg-sheet");
    this.svg = this.sheet.querySelector("svg");
    this.widthMm = this.svg.viewBox.baseVal.width;
    this.calipers = new Calipers(this);
    this.calipers.drawing = this.tool("draw").getAttribute("aria-pressed") === "true";
    this.paper.classList.toggle("ecg-drawing", this.calipers.drawing);
    if (this.state.zoom === undefined) {
      const narrow = this.paper.clientWidth > 0 && this.paper.clientWidth < PHONE;
      this.state.zoom = narrow ? READABLE / this.widthMm : null;
    }
    this.zoom(this.state.zoom);
    this.paper.scrollLeft = this.state.left;
    this.paper.scrollTop = this.state.top;
    this.paper.addEventListener("scroll", () => { this.keepPlace(); this.keepNames(); }, { passive: true });
    this.paper.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.pointers = new Map();
    const pinch = (event) => event.touches.length > 1 && event.preventDefault(); // else it would scroll
    this.paper.addEventListener("touchstart", pinch, { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.paper.addEventListener(kind, (event) => this.pointer(event));
    }
    const slider = this.tool("start");
    if (slider) slider.value = this.paper.dataset.start;
    this.resized.disconnect();
    this.resized.observe(this.paper);
  }

  keepPlace() {
    if (!this.paper?.isConnected) return;
    this.state.left = this.paper.scrollLeft;
    this.state.top = this.paper.scrollTop;
  }

  // --- size ----------------------------------------------------------------------------------------
  trueScale() {
    return Number(localStorage.getItem("wr-px-per-mm")) || CSS_MM;
  }

  scale() {
    return this.svg.getBoundingClientRect().width / this.widthMm;
  }

  // Pixels to a millimetre of paper; null fits the page's width. `at` is the point of the paper that stays in place.
  zoom(scale, at = null) {
    const before = this.scale();
    const box = this.paper.getBoundingClientRect();
    const x = (at?.clientX ?? box.left + box.width / 2) - box.left;
    const y = (at?.clientY ?? box.top + box.height / 2) - box.top;
    const mm = [(this.paper.scrollLeft + x) / before, (this.paper.scrollTop + y) / before];
    this.state.zoom = scale === null ? null : Math.min(24, Math.max(1.2, scale));
    this.sheet.style.width = this.state.zoom === null ? "" : `${this.state.zoom * this.widthMm}px`;
    const now = this.scale();
    this.paper.scrollLeft = mm[0] * now - x;
    this.paper.scrollTop = mm[1] * now - y;
    this.tellScale();
    this.keepNames();
  }

  // The leads' names stay in sight where the paper is scrolled, each inside its own strip.
  keepNames() {
    const mm = this.scale();
    if (!(mm > 0)) return;
    const left = this.svg.viewBox.baseVal.x + this.paper.scrollLeft / mm + 1.2;
    const top = this.paper.scrollTop / mm + 4.5;
    for (const name of this.svg.querySelectorAll(".ecg-row > .ecg-lead")) {
      const [x, y, width, height] = ["x", "y", "width", "height"].map((key) => Number(name.parentNode.dataset[key]));
      const [ownX, ownY] = (name.drawn ??= ["x", "y"].map((key) => Number(name.getAttribute(key))));
      const lastX = left > ownX ? x + width - name.getBBox().width - 1 : ownX;
      name.setAttribute("x", Math.max(ownX, Math.min(left, lastX)));
      name.setAttribute("y", Math.max(ownY, Math.min(top, y + height - 1)));
    }
  }

  tellScale() {
    const percent = Math.round((100 * this.scale()) / this.trueScale());
    this.tool("true").dataset.percent = percent;
    this.tool("true").setAttribute("aria-pressed", String(percent === 100));
    this.tool("fit").setAttribute("aria-pressed", String(this.state.zoom === null));
    this.style.setProperty("--ecg-mm", `${this.scale()}px`);
  }

  trueSize() {
    this.zoom(this.trueScale());
    if (this.root.querySelector(".ecg-calibrate")) return;
    const box = document.createElement("label");
    box.className = "ecg-calibrate";
    const line = document.createElement("span");
    line.className = "ecg-card";
    line.style.width = `${85.6 * this.trueScale()}px`;
    const range = Object.assign(document.createElement("input"), { type: "range", min: 2, max: 9, step: 0.01 });
    range.value = this.trueScale();
    range.addEventListener("input", () => {
      localStorage.setItem("wr-px-per-mm", range.value); // the screen's, no patient's
      line.style.width = `${85.6 * this.trueScale()}px`;
      this.zoom(this.trueScale());
    });
    box.append(this.say("calibrate"), line, range);
    this.view.before(box);
  }

  wheel(event) {
    if (!event.ctrlKey) return; // a pinch of a touch pad comes as a wheel with Ctrl
    event.preventDefault();
    this.zoom(this.scale() * Math.exp(-event.deltaY / 300), event);
  }

  // --- pointer: pinch, pan, draw -----------------------------------------------------------------------
  pointer(event) {
    if (this.calipers.pointer(event)) return;
    const known = this.pointers;
    if (event.type === "pointerdown") {
      known.set(event.pointerId, event);
      if (event.pointerType === "mouse" && event.button === 0) this.paper.setPointerCapture(event.pointerId);
    } else if (event.type !== "pointermove") {
      known.delete(event.pointerId);
      this.paper.classList.remove("ecg-panning");
    } else if (known.has(event.pointerId)) {
      const last = known.get(event.pointerId);
      if (known.size === 2) {
        const other = [...known.values()].find((one) => one.pointerId !== event.pointerId);
        const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
        if (apart(last) > 0) this.zoom((this.scale() * apart(event)) / apart(last), event);
      } else if (event.pointerType === "mouse") {
        this.paper.classList.add("ecg-panning");
        this.paper.scrollLeft -= event.clientX - last.clientX;
        this.paper.scrollTop -= event.clientY - last.clientY;
      }
      known.set(event.pointerId, event);
    }
  }

  // --- tools -------------------------------------------------------------------------------------------
  press(event) {
    const button = event.target.closest("button[data-ecg]");
    if (button) this.act(button.dataset.ecg);
  }

  act(name) {
    const tool = this.tool(name);
    const turned = tool?.getAttribute("aria-pressed") !== "true";
    const page = Number(this.paper.dataset.page);
    switch (name) {
      case "calipers": tool.setAttribute("aria-pressed", String(turned)); this.set("calipers", turned); break;
      case "draw":
        tool.setAttribute("aria-pressed", String(turned));
        this.calipers.drawing = turned;
        this.paper.classList.toggle("ecg-drawing", turned);
        break;
      case "march":
        tool.setAttribute("aria-pressed", String(turned));
        this.state.march = turned;
        this.calipers.render();
        break;
      case "add": this.calipers.add(); break;
      case "clear": this.calipers.clear(); break;
      case "out": this.zoom(this.scale() / STEP); this.tellZoom(); break;
      case "in": this.zoom(this.scale() * STEP); this.tellZoom(); break;
      case "fit": this.zoom(null); this.tellZoom(); break;
      case "true": this.trueSize(); this.tellZoom(); break;
      case "earlier": this.turnTo(Number(this.paper.dataset.start) - page); break;
      case "later": this.turnTo(Number(this.paper.dataset.start) + page); break;
    }
  }

  tellZoom() {
    this.tell(this.say("zoom_at", { percent: this.tool("true").dataset.percent }));
  }

  turnTo(second) {
    const { page, whole } = this.paper.dataset;
    const start = Math.min(Math.max(0, second), Math.max(0, whole - page));
    this.set("start", start.toFixed(1));
    const end = Math.min(start + Number(page), Number(whole));
    const [from, to, of] = [start, end, Number(whole)].map((seconds) => this.number(seconds, 1));
    this.tell(this.say("page_of", { start: from, end: to, whole: of }));
  }

  choose(event) {
    const { ecg } = event.target.dataset;
    if (ecg === "start") this.turnTo(Number(event.target.value));
    else if (ecg) this.set(ecg, event.target.value);
  }

  set(name, value) {
    this.state.choices[name] = value;
    this.draw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.view.contains(event.target)) return;
    if (this.calipers.key(event)) return;
    const name = { "+": "in", "=": "in", "-": "out", 0: "fit", t: "true", i: "calipers", a: "add", d: "draw", r: "march",
      PageUp: "earlier", PageDown: "later" }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name || !this.tool(name)) return;
    event.preventDefault();
    this.act(name);
  }
}

customElements.define("wr-ecg", EcgPage);
