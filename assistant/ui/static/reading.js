// <wr-document>: a text with its cited words, and where it is a PDF its pages as printed.
//
// What is added stands in a shadow tree: Gradio patches the HTML below the element in place, and would take our buttons
// for its own. What was chosen for a piece of evidence (page or text, zoom) is kept while the page is open.

const states = new Map();
const ZOOMS = [60, 80, 100, 130, 170, 220, 300];
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: block; }
  [hidden] { display: none !important; }
  .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; margin: 0 0 8px; }
  .group { display: inline-flex; align-items: center; gap: 4px; }
  button {
    min-width: 32px; min-height: 28px; padding: 2px 9px; font: inherit; font-size: 0.84rem; line-height: 1.3; cursor: pointer;
    border: 1px solid var(--wr-line); border-radius: 7px; background: var(--wr-ground); color: var(--wr-ink);
  }
  button:hover { border-color: var(--wr-accent); }
  button[aria-pressed="true"] { border-color: var(--wr-accent); background: var(--wr-accent-soft); box-shadow: inset 0 -2px 0 var(--wr-accent); }
  :focus-visible { outline: 3px solid var(--wr-accent); outline-offset: 2px; }
  .more { display: block; margin: 6px auto; }
  .number { min-width: 4.2em; text-align: center; font-size: 0.84rem; font-variant-numeric: tabular-nums; color: var(--wr-soft); }
  .sheets {
    position: relative; height: 62dvh; overflow: auto; padding: 10px; border: 1px solid var(--wr-line); border-radius: 8px;
    background: var(--wr-ground);
  }
  .sheets[aria-busy] { opacity: 0.6; }
  .sheet { position: relative; margin: 0 auto; background: #fff; box-shadow: 0 1px 4px rgb(0 0 0 / 30%); }
  .sheet img { display: block; width: 100%; height: auto; filter: var(--wr-sheet-filter, none); }
  .lit { position: absolute; background: #ffd84d; mix-blend-mode: multiply; outline: 1px solid #8a6500; border-radius: 2px; }
  .note { margin: 6px 0 0; font-size: 0.84rem; color: var(--wr-soft); }
  .note:empty { display: none; }
`);

function made(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

function button(label, act, words = label) {
  const element = made('button', words === label ? {type: 'button'} : {type: 'button', 'aria-label': label, title: label}, words);
  element.addEventListener('click', act);
  return element;
}

class WrDocument extends HTMLElement {
  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({mode: 'open'}).adoptedStyleSheets = [STYLE];
    this.leaving = new AbortController();
    this.watching = new MutationObserver(() => this.patched());
    this.build();
    this.watching.observe(this, {childList: true, subtree: true, attributes: true, attributeFilter: ['data-key']});
  }

  disconnectedCallback() {
    this.watching.disconnect();
    this.leaving.abort();
  }

  patched() {
    if (this.key !== this.dataset.key) this.build();
    else if (this.added.length && !this.querySelector('.wr-added')) this.addAll();
  }

  build() {
    this.key = this.dataset.key;
    this.said = JSON.parse(this.dataset.texts);
    this.state = states.get(this.key) ?? {mode: this.dataset.pages ? 'page' : 'text', zoom: 100, page: Number(this.dataset.page)};
    states.set(this.key, this.state);
    this.added = [];
    this.drawn = this.sheets = null;
    this.bar = made('div', {class: 'bar', role: 'toolbar', 'aria-label': this.said.text_of_record});
    this.text = made('div', {}, made('slot'));
    this.note = made('p', {class: 'note', role: 'status'});
    this.shadowRoot.replaceChildren(this.bar, this.text, this.note);
    if (this.dataset.pages) this.pages();
    if (this.dataset.more) this.longer();
    this.marks();
    this.bar.hidden = !this.bar.childElementCount;
    this.choose(this.state.mode);
  }

  get scroller() {
    return this.querySelector('.wr-document');
  }

  get body() {
    return this.querySelector('.wr-body');
  }

  // --- text ---------------------------------------------------------------------------------------------------------

  longer() {
    this.first = Number(this.dataset.first);
    this.last = Number(this.dataset.last);
    const length = Number(this.dataset.length);
    const fetchText = (start, end, before) => this.fetchText(Math.max(0, start), Math.min(length, end), before);
    this.earlier = button(this.said.earlier, () => fetchText(this.first - 4000, this.first, true));
    this.later = button(this.said.later, () => fetchText(this.last, this.last + 4000, false));
    this.earlier.className = this.later.className = 'more';
    this.text.prepend(this.earlier);
    this.text.append(this.later);
    this.atEnds();
  }

  atEnds() {
    this.earlier.hidden = this.first <= 0;
    this.later.hidden = this.last >= Number(this.dataset.length);
  }

  async fetchText(start, end, before) {
    const answer = await this.get(this.dataset.more, {start, end});
    this.note.textContent = answer ? '' : this.said.failed;
    if (!answer) return;
    const piece = [before, await answer.text()];
    this.added.push(piece);
    const height = this.scroller.scrollHeight;
    this.add(piece);
    if (before) {
      this.first = start;
      this.scroller.scrollTop += this.scroller.scrollHeight - height;
    } else this.last = end;
    this.atEnds();
  }

  add([before, text]) {
    const piece = made('span', {class: 'wr-added'}, text);
    if (before) this.body.prepend(piece);
    else this.body.append(piece);
  }

  addAll() {
    for (const piece of this.added) this.add(piece);
  }

  marks() {
    const found = () => [...this.querySelectorAll('#wr-cited, .wr-also')];
    if (found().length < 2) return;
    let at = found().findIndex((mark) => mark.id === 'wr-cited');
    const go = (step) => {
      const all = found();
      at = (at + step + all.length) % all.length;
      this.choose('text');
      this.reveal(all[at]);
    };
    this.bar.append(made('span', {class: 'group'},
      button(this.said.previous_mark, () => go(-1), '↑'), button(this.said.next_mark, () => go(1), '↓')));
  }

  reveal(mark) {
    if (mark) this.scroller.scrollTop += mark.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - this.scroller.clientHeight / 3;
  }

  // --- pages --------------------------------------------------------------------------------------------------------

  pages() {
    this.sheets = made('div', {class: 'sheets', tabindex: '0', role: 'group'});
    this.text.before(this.sheets);
    this.asPage = button(this.said.page, () => this.choose('page'));
    this.asText = button(this.said.text, () => this.choose('text'));
    this.tools = made('span', {class: 'group'},
      button(this.said.previous_page, () => this.turn(-1), '‹'), this.number = made('span', {class: 'number'}),
      button(this.said.next_page, () => this.turn(1), '›'),
      button(this.said.smaller, () => this.scale(-1), '−'), button(this.said.larger, () => this.scale(1), '+'));
    this.bar.append(made('span', {class: 'group'}, this.asPage, this.asText), this.tools);
  }

  choose(mode) {
    this.state.mode = mode;
    const page = mode === 'page' && this.sheets !== null;
    this.text.hidden = page;
    if (this.sheets) {
      this.sheets.hidden = this.tools.hidden = !page;
      this.asPage.setAttribute('aria-pressed', page);
      this.asText.setAttribute('aria-pressed', !page);
      if (page && this.drawn !== this.state.page) this.draw();
      if (!page) this.note.textContent = '';
    }
    if (!page) this.reveal(this.querySelector('.wr-sentence') ?? this.querySelector('#wr-cited'));
  }

  turn(step) {
    const to = Math.min(Math.max(1, this.state.page + step), Number(this.dataset.count));
    if (to !== this.state.page) {
      this.state.page = to;
      this.draw();
    }
  }

  scale(step) {
    const at = ZOOMS.indexOf(this.state.zoom) + step;
    this.state.zoom = ZOOMS[Math.min(Math.max(0, at), ZOOMS.length - 1)];
    const sheet = this.sheets.querySelector('.sheet');
    if (sheet) sheet.style.width = `${this.state.zoom}%`;
  }

  async draw() {
    const {key} = this;
    const page = (this.drawn = this.state.page);
    const told = this.said.page_of.replace('{page}', page).replace('{count}', this.dataset.count);
    this.number.textContent = `${page} / ${this.dataset.count}`;
    this.sheets.setAttribute('aria-label', told);
    this.sheets.setAttribute('aria-busy', 'true');
    this.note.textContent = this.said.drawing;
    const answer = await this.get(this.dataset.pages, {page});
    const found = answer && (await answer.json());
    if (key !== this.key || page !== this.drawn) return; // another page was asked for meanwhile
    this.sheets.removeAttribute('aria-busy');
    if (!found) {
      this.drawn = null;
      this.sheets.replaceChildren();
      this.choose('text');
      this.note.textContent = this.said.not_drawn;
      return;
    }
    this.show(found, told, page === Number(this.dataset.page));
  }

  show(found, told, cited) {
    const sheet = made('div', {class: 'sheet'}, made('img', {src: found.png, alt: told, width: found.width, height: found.height}));
    sheet.style.width = `${this.state.zoom}%`;
    for (const [left, top, width, height] of found.lit) {
      const box = made('span', {class: 'lit'});
      Object.assign(box.style, {left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%`});
      sheet.append(box);
    }
    this.sheets.replaceChildren(sheet);
    const hidden = (found.hidden === 1 ? this.said.hidden_one : this.said.hidden).replace('{count}', found.hidden);
    const missed = cited && !found.lit.length && this.querySelector('#wr-cited');
    this.note.textContent = [found.hidden ? hidden : '', missed ? this.said.not_lit : ''].filter(Boolean).join(' ');
    this.sheets.scrollTop = 0;
    const lit = sheet.querySelector('.lit');
    if (lit) requestAnimationFrame(() => {
      this.sheets.scrollTop = lit.offsetTop - this.sheets.clientHeight / 3;
      this.sheets.scrollLeft = lit.offsetLeft - 20;
    });
  }

  async get(address, query) {
    const url = new URL(address, location.href);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    try {
      const answer = await fetch(url, {signal: this.leaving.signal, cache: 'no-store'});
      return answer.ok ? answer : null;
    } catch {
      return null;
    }
  }
}

customElements.define('wr-document', WrDocument);
