// <wr-opinion>: what somebody says of one sentence: right, wrong or harmful, with a comment. The page around it is
// drawn anew while answers come in; what was begun here stays in this page's memory until it is sent.

const begun = new Map();
let count = 0;

class Opinion extends HTMLElement {
  connectedCallback() {
    this.texts = JSON.parse(this.dataset.texts);
    this.key = this.dataset.target;
    this.name = `wr-opinion-${++count}`;
    this.state = begun.get(this.key);
    this.draw();
  }

  disconnectedCallback() {
    if (this.state) begun.set(this.key, this.state);
    this.replaceChildren();
  }

  draw() {
    this.replaceChildren();
    const judgement = this.dataset.judgement;
    const opener = make('button', 'wr-opinion-open', judgement
      ? this.texts.given.replace('{judgement}', this.texts[judgement]) : this.texts.open);
    opener.type = 'button';
    opener.setAttribute('aria-expanded', String(Boolean(this.state)));
    if (judgement) opener.dataset.judgement = judgement;
    opener.addEventListener('click', () => (this.state ? this.close() : this.open()));
    const told = make('span', 'wr-opinion-told', '');
    told.setAttribute('role', 'status');
    this.append(opener, told);
    if (this.state) this.append(this.form());
  }

  open() {
    this.state = {judgement: this.dataset.judgement, comment: this.dataset.comment};
    begun.set(this.key, this.state);
    this.draw();
    (this.querySelector('input:checked') || this.querySelector('input')).focus();
  }

  close(told = '') {
    this.state = undefined;
    begun.delete(this.key);
    this.draw();
    this.querySelector('.wr-opinion-told').textContent = told;
    this.querySelector('.wr-opinion-open').focus();
  }

  form() {
    const form = make('form', 'wr-opinion-form');
    const choice = make('fieldset', '');
    choice.append(make('legend', '', this.texts.title));
    for (const judgement of ['right', 'wrong', 'harmful']) {
      const label = make('label', '');
      const input = make('input', '');
      Object.assign(input, {type: 'radio', name: this.name, value: judgement, checked: this.state.judgement === judgement});
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
      else this.querySelector('.wr-opinion-told').textContent = this.texts.choose;
    });
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      event.stopPropagation();
    });
    return form;
  }

  async send(judgement, comment, done) {
    let reason = '';
    try {
      const answer = await fetch(this.dataset.route, {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({target: this.key, judgement, comment}),
      });
      if (!answer.ok) {
        const told = await answer.json().catch(() => ({}));
        reason = typeof told.detail === 'string' ? told.detail : String(answer.status);
      }
    } catch (error) {
      reason = String(error.message || error);
    }
    if (reason) {
      this.querySelector('.wr-opinion-told').textContent = this.texts.failed.replace('{reason}', reason);
      return;
    }
    this.dataset.judgement = judgement || '';
    this.dataset.comment = comment;
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
