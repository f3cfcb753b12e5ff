// A reader's own calipers on a signal's page. They are kept as lead, seconds and millivolts, so that they stay where
// they were laid when the page is drawn at another scale.
const SVG = "http://www.w3.org/2000/svg";
const NEAR_PX = 14;

const make = (name, attributes) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const rowOf = (group) => {
  const { lead, unit = "mV", start, x, y, width, height, zero, mmPerUnit } = group.dataset;
  return { lead, unit, start: +start, x: +x, y: +y, width: +width, height: +height, zero: +zero, mmPerUnit };
};

export class Calipers {
  constructor(page) {
    this.page = page;
    this.own = page.state.own;
    this.mmPerS = Number(page.svg.dataset.mmPerS);
    this.rows = [...page.svg.querySelectorAll(".ecg-row")].map(rowOf);
    for (const row of this.rows) row.mmPerUnit = Number(row.mmPerUnit ?? page.svg.dataset.mmPerMv);
    const view = page.svg.viewBox.baseVal;
    this.layer = make("svg", { class: "ecg-own", viewBox: `${view.x} ${view.y} ${view.width} ${view.height}` });
    page.sheet.append(this.layer);
    this.dragged = null;
    this.render();
  }

  // --- between paper and signal ----------------------------------------------------------------------
  at(event) {
    const box = this.layer.getBoundingClientRect();
    const mm = this.layer.viewBox.baseVal.width / box.width;
    return [(event.clientX - box.left) * mm + this.layer.viewBox.baseVal.x, (event.clientY - box.top) * mm];
  }

  rowAt(x, y) {
    return this.rows.find((row) => x >= row.x && x <= row.x + row.width && y >= row.y && y <= row.y + row.height);
  }

  // The row that holds a caliper on this page; undefined while it lies on another.
  rowFor(caliper) {
    const inside = (row, t) => t >= row.start - 0.001 && t <= row.start + row.width / this.mmPerS + 0.001;
    const fits = this.rows.filter((row) => row.lead === caliper.lead && inside(row, caliper.t1) && inside(row, caliper.t2));
    return fits[caliper.nth] ?? fits[0];
  }

  x(row, t) {
    return row.x + (t - row.start) * this.mmPerS;
  }

  y(row, v) {
    return row.zero - v * row.mmPerUnit;
  }

  point(row, x, y) {
    const inRow = [Math.min(Math.max(x, row.x), row.x + row.width), Math.min(Math.max(y, row.y), row.y + row.height)];
    return [
      row.start + (inRow[0] - row.x) / this.mmPerS,
      row.mmPerUnit ? (row.zero - inRow[1]) / row.mmPerUnit : 0,
    ];
  }

  nth(row) {
    return this.rows.filter((one) => one.lead === row.lead).indexOf(row);
  }

  // --- what a reader does ----------------------------------------------------------------------------
  add() {
    const paper = this.page.paper.getBoundingClientRect();
    const [x, y] = this.at({ clientX: paper.left + paper.width / 2, clientY: paper.top + paper.height / 2 });
    const away = (row) => Math.hypot(Math.max(row.x - x, 0, x - row.x - row.width), Math.max(row.y - y, 0, y - row.y - row.height));
    const row = [...this.rows].sort((one, other) => away(one) - away(other))[0];
    if (!row) return;
    const wide = Math.min(row.width / 4, 0.4 * this.mmPerS);
    const middle = Math.min(Math.max(x, row.x + wide), row.x + row.width - wide);
    const [t1, v1] = this.point(row, middle - wide / 2, row.y + row.height * 0.7);
    const [t2, v2] = this.point(row, middle + wide / 2, row.y + row.height * 0.3);
    this.own.push({ lead: row.lead, nth: this.nth(row), t1, t2, v1, v2 });
    this.render();
    this.focus(this.own.length - 1, "end");
    this.tell(this.own.length - 1);
  }

  clear() {
    this.own.length = 0;
    this.render();
    this.page.tell(this.page.say("own", { count: 0 }));
  }

  // True where the event was a caliper's and nobody else's.
  pointer(event) {
    if (event.type === "pointerdown") {
      if (event.button !== 0) return false;
      const [x, y] = this.at(event);
      const grip = this.grip(event);
      if (grip) this.dragged = grip;
      else if (this.drawing || event.shiftKey) {
        const row = this.rowAt(x, y);
        if (!row) return false;
        const [t, v] = this.point(row, x, y);
        this.own.push({ lead: row.lead, nth: this.nth(row), t1: t, t2: t, v1: v, v2: v });
        this.dragged = { number: this.own.length - 1, part: "end", fresh: true };
      } else return false;
      this.dragged.last = [x, y];
      this.page.paper.setPointerCapture(event.pointerId);
      event.preventDefault();
      return true;
    }
    if (!this.dragged) return false;
    const { number, part, last, fresh } = this.dragged;
    const caliper = this.own[number];
    if (event.type === "pointermove") {
      const [x, y] = this.at(event);
      const row = this.rowFor(caliper);
      if (row) {
        if (part === "whole") this.shift(caliper, row, (x - last[0]) / this.mmPerS, row.mmPerUnit ? (last[1] - y) / row.mmPerUnit : 0);
        else this.put(caliper, part, this.point(row, x, y));
      }
      this.dragged.last = [x, y];
      this.render();
      return true;
    }
    this.dragged = null;
    if (fresh && caliper.t1 === caliper.t2 && caliper.v1 === caliper.v2) this.own.splice(number, 1); // a mere click
    this.render();
    if (this.own[number]) {
      this.focus(number, part);
      this.tell(number);
    }
    return true;
  }

  grip(event) {
    const body = event.target.closest?.(".ecg-own [data-number]");
    if (body) return { number: Number(body.dataset.number), part: body.dataset.part };
    if (event.pointerType !== "touch") return null;
    for (const handle of this.layer.querySelectorAll(".ecg-handle")) { // a finger is wider than a handle
      const box = handle.getBoundingClientRect();
      const away = Math.hypot(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
      if (away < NEAR_PX) return { number: Number(handle.dataset.number), part: handle.dataset.part };
    }
    return null;
  }

  key(event) {
    const handle = event.target.closest?.(".ecg-own [data-number]");
    if (!handle) return false;
    const number = Number(handle.dataset.number);
    const caliper = this.own[number];
    const row = this.rowFor(caliper);
    if (event.key === "Delete" || event.key === "Backspace") {
      this.own.splice(number, 1);
      this.render();
      this.page.tell(this.page.say("removed"));
      if (this.own.length) this.focus(Math.min(number, this.own.length - 1), "end");
      else this.page.paper.focus({ preventScroll: true });
    } else if (event.key === "Escape") this.page.paper.focus({ preventScroll: true });
    else if (event.key.startsWith("Arrow") && row) {
      const far = event.shiftKey ? 10 : 1;
      const dt = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key] ?? 0; // a tenth of a millimetre of paper
      const dy = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key] ?? 0;
      const step = [(far * dt) / this.mmPerS, row.mmPerUnit ? (far * dy) / row.mmPerUnit : 0];
      const { part } = handle.dataset;
      if (part === "whole") this.shift(caliper, row, ...step);
      else {
        const [t, v] = part === "start" ? [caliper.t1, caliper.v1] : [caliper.t2, caliper.v2];
        this.put(caliper, part, this.point(row, this.x(row, t + step[0]), this.y(row, v + step[1])));
      }
      this.render();
      this.focus(number, part);
      this.tell(number);
    } else return false;
    event.preventDefault();
    return true;
  }

  put(caliper, part, [t, v]) {
    if (part === "start") [caliper.t1, caliper.v1] = [t, v];
    else [caliper.t2, caliper.v2] = [t, v];
  }

  shift(caliper, row, dt, dv) {
    const first = Math.min(caliper.t1, caliper.t2), last = Math.max(caliper.t1, caliper.t2);
    const end = row.start + row.width / this.mmPerS;
    const moved = Math.min(Math.max(dt, row.start - first), end - last);
    caliper.t1 += moved;
    caliper.t2 += moved;
    caliper.v1 += dv;
    caliper.v2 += dv;
  }

  focus(number, part) {
    this.layer.querySelector(`[data-number="${number}"][data-part="${part}"]`)?.focus({ preventScroll: true });
  }

  // --- what is seen and said ------------------------------------------------------------------------
  figures(caliper) {
    const seconds = Math.abs(caliper.t2 - caliper.t1);
    const height = Math.abs(caliper.v2 - caliper.v1);
    return {
      ms: String(Math.round(1000 * seconds)),
      bpm: seconds > 0.15 ? String(Math.round(60 / seconds)) : "–",
      height: this.page.number(height, height >= 100 ? 0 : 2),
    };
  }

  said(number) {
    const caliper = this.own[number];
    const row = this.rowFor(caliper);
    const unit = row?.unit ?? "mV";
    const fields = { number: number + 1, lead: caliper.lead, unit, ...this.figures(caliper) };
    return this.page.say(unit === "mV" ? "reading" : "reading_unit", fields);
  }

  tell(number) {
    this.page.tell(this.said(number));
  }

  render() {
    this.layer.replaceChildren();
    this.own.forEach((caliper, number) => {
      const row = this.rowFor(caliper);
      if (row) this.layer.append(this.drawn(caliper, number, row));
    });
  }

  drawn(caliper, number, row) {
    const [x1, x2] = [this.x(row, caliper.t1), this.x(row, caliper.t2)];
    const [y1, y2] = [this.y(row, caliper.v1), this.y(row, caliper.v2)];
    const group = make("g", { class: "ecg-measure" });
    if (this.page.state.march && Math.abs(x2 - x1) > 1) {
      const step = Math.abs(x2 - x1);
      let marks = "";
      for (let x = Math.max(x1, x2) + step; x <= row.x + row.width + 0.01; x += step) marks += `M${x} ${row.y}v${row.height}`;
      for (let x = Math.min(x1, x2) - step; x >= row.x - 0.01; x -= step) marks += `M${x} ${row.y}v${row.height}`;
      group.append(make("path", { class: "ecg-marched", d: marks }));
    }
    const box = { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
    const about = { "data-number": number, tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 10000,
      "aria-valuenow": this.figures(caliper).ms, "aria-valuetext": this.said(number) };
    const label = (part) => this.page.say(`handle_${part}`, { number: number + 1 });
    group.append(
      make("path", { class: "ecg-legs", d: `M${x1} ${row.y}v${row.height}M${x2} ${row.y}v${row.height}` }),
      make("rect", { class: "ecg-body", ...box, ...about, "data-part": "whole", "aria-label": label("whole") }),
      make("circle", { class: "ecg-handle", cx: x1, cy: y1, r: 1.4, ...about, "data-part": "start", "aria-label": label("start") }),
      make("circle", { class: "ecg-handle", cx: x2, cy: y2, r: 1.4, ...about, "data-part": "end", "aria-label": label("end") }),
    );
    const { ms, bpm, height } = this.figures(caliper);
    const text = make("text", { x: Math.max(x1, x2) + 2, y: box.y + 3, "font-size": 3.4 });
    text.textContent = `${ms} ms · ${bpm}/min`;
    const below = make("text", { x: Math.max(x1, x2) + 2, y: box.y + 7, "font-size": 3.4 });
    below.textContent = `${height} ${row.unit}`;
    if (Math.max(x1, x2) + 34 > this.layer.viewBox.baseVal.width) {
      for (const one of [text, below]) {
        one.setAttribute("x", box.x - 2);
        one.setAttribute("text-anchor", "end");
      }
    }
    group.append(text, below);
    return group;
  }
}
