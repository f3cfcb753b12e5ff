// <wr-opinion>: what somebody says of one sentence: right, wrong or harmful, with a comment. The page around it is
// drawn anew while answers come in, its own nodes by their attributes: it lives in a shadow root that nobody else clears.
// What was begun here stays in this page's memory until it is sent.

const begun = new Map();
const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: block; margin-top: 2px; font-size: 0.78rem; line-height: 1.4; color: var(--wr-ink); }
  button {
    font: inherit; min-height: 24px; padding: 1px 8px; border: 1px solid var(--wr-line); border-radius: 6px;
    background: none; color: var(--wr-soft); cursor: pointer;
  }
  button:hover { border-color: var(--wr-accent); color: var(--wr-accent); }
  :is(button, input, textarea):focus-visible { outline: 3px solid var(--wr-accent); outline-offset: 2px; }
  .wr-opinion-open {
    border-color: transparent; padding-left: 0; text-decoration: underline dotted; text-underline-offset: 3px;
  }
  .wr-opinion-open[data-judgement] { font-weight: 600; text-decoration: none; }
  .wr-opinion-open[data-judgement="right"]::before { content: "☑ "; }
  .wr-opinion-open[data-judgement="wrong"]::before { content: "☒ "; }
  .wr-opinion-open[data-judgement="harmful"] { color: var(--wr-bad); }
  .wr-opinion-open[data-judgement="harmful"]::before { content: "⚠ "; }
  .wr-opinion-told { margin-left: 8px; color: var(--wr-soft); }
  form {
    margin: 4px 0 8px; padding: 8px 12px; border: 1px solid var(--wr-line); border-radius: 8px;
    background: var(--wr-ground);
  }
  fieldset { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 6px; padding: 0; border: 0; }
  legend { padding: 0; color: var(--wr-soft); }
  fieldset label { display: inline-flex; align-items: center; gap: 5px; min-height: 24px; cursor: pointer; }
  input { width: 16px; height: 16px; margin: 0; accent-color: var(--wr-accent); }
  .wr-opinion-comment { display: block; color: var(--wr-soft); }
  textarea {
    display: block; box-sizing: border-box; width: 100%; margin-top: 2px; padding: 5px 8px; font: inherit;
    color: var(--wr-ink); background: var(--wr-sheet); border: 1px solid var(--wr-soft); border-radius: 6px; resize: vertical;
  }
  .wr-opinion-buttons { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; }
  .wr-opinion-save, .wr-opinion-save:hover {
    background: var(--wr-accent); border-color: var(--wr-accent); color: var(--wr-on-accent);
  }
`);

class Opinion extends HTMLElement {
  static observedAttributes = ['data-target', 'data-judgement', 'data-comment', 'data-texts'];

  constructor() {
    super();
    this.root = this.attachShadow({mode: 'open'});
    this.root.adoptedStyleSheets = [style];
  }

  connectedCallback() {
    this.refresh();
  }

  attributeChangedCallback(name, before, now) {
    if (this.isConnected && before !== now) this.refresh();
  }

  refresh() {
    if (!this.dataset.target || !this.dataset.texts) return;
    this.texts = JSON.parse(this.dataset.texts);
    this.key = this.dataset.target;
    this.state = begun.get(this.key);
    this.draw();
  }

  draw() {
    this.root.replaceChildren();
    const judgement = this.dataset.judgement;
    const opener = make('button', 'wr-opinion-open', judgement
      ? this.texts.given.replace('{judgement}', this.texts[judgement]) : this.texts.open);
    opener.type = 'button';
    opener.setAttribute('aria-expanded', String(Boolean(this.state)));
    if (judgement) opener.dataset.judgement = judgement;
    opener.addEventListener('click', () => (this.state ? this.close() : this.open()));
    const told = make('span', 'wr-opinion-told', '');
    told.setAttribute('role', 'status');
    this.root.append(opener, told);
    if (this.state) this.root.append(this.form());
  }

  open() {
    this.state = {judgement: this.dataset.judgement, comment: this.dataset.comment};
    begun.set(this.key, this.state);
    this.draw();
    (this.root.querySelector('input:checked') || this.root.querySelector('input')).focus();
  }

  close(told = '') {
    this.state = undefined;
    begun.delete(this.key);
    this.draw();
    this.root.querySelector('.wr-opinion-told').textContent = told;
    this.root.querySelector('.wr-opinion-open').focus();
  }

  form() {
    const form = make('form', 'wr-opinion-form');
    const choice = make('fieldset', '');
    choice.append(make('legend', '', this.texts.title));
    for (const judgement of ['right', 'wrong', 'harmful']) {
      const label = make('label', '');
      const input = make('input', '');
      Object.assign(input, {type: 'radio', name: 'judgement', value: judgement, checked: this.state.judgement === judgement});
      input.addEventListener('change', () => (this.state.judgement = judgement));
      label.append(input, ` ${this.texts[judgement]}`);
      choice.append(label);
    }
    const label = make('label', 'wr-opinion-comment', this.texts.comment);
    const comment = make('textarea', '');
    Object.assign(comment, {rows: 2, maxLength: Number(this.dataset.longest), value: this.state.comment});
    comment.addEventListener('input', () => (this.state.comment = comment.value));
    label.append(comment);
    const save = make('button', 'wr-opinion-save', this.texts.save);
    save.type = 'submit';
    const close = make('button', '', this.texts.close);
    close.type = 'button';
    close.addEventListener('click', () => this.close());
    const buttons = make('div', 'wr-opinion-buttons');
    buttons.append(save, close);
    if (this.dataset.judgement) {
      const back = make('button', '', this.texts.take_back);
      back.type = 'button';
      back.addEventListener('click', () => this.send(null, '', this.texts.gone));
      buttons.append(back);
    }
    form.append(choice, label, buttons);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.state.judgement) this.send(this.state.judgement, this.state.comment, this.texts.kept);
      else this.root.querySelector('.wr-opinion-told').textContent = this.texts.choose;
    });
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      event.stopPropagation();
    });
    return form;
  }

  async send(judgement, comment, done) {
    let reason = '';
    let kept = '';
    try {
      const answer = await fetch(this.dataset.route, {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({target: this.key, judgement, comment}),
      });
      const told = await answer.json().catch(() => ({}));
      kept = told.comment ?? ''; // without what identifies somebody
      if (!answer.ok) {
        reason = typeof told.detail === 'string' ? told.detail : String(answer.status);
      }
    } catch (error) {
      reason = String(error.message || error);
    }
    if (reason) {
      this.root.querySelector('.wr-opinion-told').textContent = this.texts.failed.replace('{reason}', reason);
      return;
    }
    begun.delete(this.key);
    this.dataset.judgement = judgement || '';
    this.dataset.comment = kept;
    this.close(done);
  }
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

customElements.define('wr-opinion', Opinion);
