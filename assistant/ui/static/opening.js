// Records that open in place (buttons with data-open, around a [data-opened]), and what is fetched once it is unfolded.

let asked = 0;

async function fetched(address) {
  try {
    const answer = await fetch(address, {cache: 'no-store'});
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('button[data-open]');
  if (!button) return;
  const around = button.closest('[data-opener]') ?? document;
  const slot = around.querySelector('[data-opened]');
  if (!slot) return;
  const mine = ++asked;
  for (const other of around.querySelectorAll('button[data-open][aria-expanded="true"]')) other.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-expanded', 'true');
  slot.hidden = false;
  slot.setAttribute('aria-busy', 'true');
  const html = await fetched(button.dataset.open);
  if (mine !== asked) return; // something else was opened meanwhile
  slot.removeAttribute('aria-busy');
  const close = document.createElement('button');
  Object.assign(close, {type: 'button', className: 'wr-close', textContent: '×'});
  close.setAttribute('aria-label', slot.dataset.close);
  close.addEventListener('click', () => {
    slot.replaceChildren();
    slot.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    button.focus();
  });
  slot.onkeydown = (pressed) => {
    if (pressed.key !== 'Escape' || pressed.defaultPrevented) return;
    pressed.preventDefault();
    close.click();
  };
  const content = document.createElement('div');
  if (html === null) content.textContent = slot.dataset.failed;
  else content.innerHTML = html; // from this server, which escapes every text in it
  slot.replaceChildren(close, content);
  const heading = content.querySelector('h3');
  heading?.setAttribute('tabindex', '-1');
  (heading ?? close).focus({preventScroll: true});
  slot.scrollIntoView({block: 'nearest'});
});

// Gradio patches the HTML that is there: what was fetched is gone afterwards, and is put back as it was.
class WrLazy extends HTMLElement {
  connectedCallback() {
    this.fold = this.closest('details');
    this.load = () => this.show();
    this.fold?.addEventListener('toggle', this.load);
    this.watching = new MutationObserver(() => this.show());
    this.watching.observe(this, {childList: true, attributes: true, attributeFilter: ['data-src']});
    this.show();
  }

  disconnectedCallback() {
    this.watching.disconnect();
    this.fold?.removeEventListener('toggle', this.load);
  }

  async show() {
    const source = this.dataset.src;
    if (!this.fold?.open || (this.source === source && this.content.isConnected)) return;
    if (this.source !== source || this.failed) {
      this.source = source;
      this.content = document.createElement('div');
      this.content.textContent = this.dataset.waiting;
      this.replaceChildren(this.content);
      const html = await fetched(source);
      if (this.source !== source) return;
      this.failed = html === null;
      if (this.failed) this.content.textContent = this.dataset.failed;
      else this.content.innerHTML = html; // from this server, which escapes every text in it
    }
    if (!this.content.isConnected) this.replaceChildren(this.content);
  }
}

customElements.define('wr-lazy', WrLazy);
