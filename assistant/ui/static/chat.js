// What the parts of the conversation do in the browser. Each function is called once with the part's element, Gradio's
// `trigger` for its events, and `watch` for its value, as it is and whenever it changes: (element, trigger, watch).
// Gradio changes the element's content in place and keeps what is the same; what it would lose of a reader's own doing
// is brought back here.

/** Every button reaches Python as what its data- attributes say, with the fields of its dialog; nothing else does. */
function buttons(element, trigger) {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-act]');
    if (!button) return;
    const { event: name, ...data } = button.dataset;
    const form = button.closest('form');
    if (button.type === 'submit') {
      event.preventDefault();
      if (!form.reportValidity()) return;
    }
    if (form) Object.assign(data, Object.fromEntries(new FormData(form)));
    trigger(name || 'click', data);
  });
}

/** Folds that a reader opened or closed stay so when the text around them changes. */
function folds(element, watch) {
  const chosen = new Map();
  const name = (fold) => {
    const number = fold.closest('.wr-turn')?.dataset.turn;
    return `${number}/${fold.dataset.keep || fold.className}`;
  };
  element.addEventListener('click', (event) => {
    const summary = event.target.closest('summary');
    if (summary) chosen.set(name(summary.parentElement), !summary.parentElement.open);
  });
  watch('value', () => {
    for (const fold of element.querySelectorAll('details')) {
      const open = chosen.get(name(fold));
      if (open !== undefined && fold.open !== open) fold.open = open;
    }
  });
  return () => chosen.clear();
}

export function talk(element, trigger, watch) {
  buttons(element, trigger);
  const forget = folds(element, watch);
  const newest = () => Number([...element.querySelectorAll('.wr-turn')].at(-1)?.dataset.turn ?? -1);
  let last = newest();
  let following = false; // a new question's turn is kept at the top while it grows, until the reader moves
  for (const moved of ['wheel', 'pointerdown', 'keydown', 'touchmove']) {
    window.addEventListener(moved, () => (following = false), { passive: true });
  }
  watch('value', () => {
    const now = newest();
    if (now < last) forget();
    if (now > last) following = true;
    if (following) element.querySelector(`.wr-turn[data-turn="${now}"]`)?.scrollIntoView({ block: 'start' });
    last = now;
  });
}

export function shelf(element, trigger) {
  buttons(element, trigger);
  document.addEventListener('wr-too-large', ({ detail }) => trigger('click', { act: 'too_large', files: detail }));
}

export function panel(element, trigger, watch) {
  buttons(element, trigger);
  folds(element, watch);
  let away = false; // gone back to the answer: what comes late does not fetch the reader again
  document.addEventListener('click', ({ target }) => { away &&= !target.closest('[data-act="show"]'); }, true);
  element.addEventListener('click', (event) => {
    const back = event.target.closest('button.wr-back');
    if (!back) return;
    away = true;
    const turns = document.querySelector('#wr-talk');
    const cited = turns.querySelector('.wr-cite[aria-pressed="true"]');
    const turn = turns.querySelector(`.wr-turn[data-turn="${back.dataset.turn}"]`);
    (cited || turn)?.scrollIntoView({ block: cited ? 'center' : 'start' });
    cited?.focus({ preventScroll: true });
  });
  let shown = '';
  watch('value', () => {
    const evidence = element.querySelector('.wr-view')?.dataset.evidence || '';
    const mark = element.querySelector('.wr-sentence') || element.querySelector('#wr-cited');
    const text = mark?.closest('.wr-document');
    if (text && evidence !== shown) {
      text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
    }
    shown = evidence;
    const stacked = window.matchMedia('(max-width: 53.75em)').matches;
    if (stacked && !away && element.querySelector('.wr-panel[data-chosen]')) element.scrollIntoView({ block: 'start' });
  });
}

/** The list of conversations opens below its button; the page's address names the conversation, so that it comes back
 *  when the page is loaded again. */
export function bar(element, trigger, watch) {
  buttons(element, trigger);
  element.addEventListener('click', (event) => {
    if (event.target.closest('#wr-talks button[data-act]')) element.querySelector('#wr-talks').hidePopover();
  });
  element.addEventListener(
    'beforetoggle',
    (event) => {
      const button = element.querySelector('[popovertarget="wr-talks"]').getBoundingClientRect();
      event.target.style.setProperty('--wr-top', `${Math.round(button.bottom + 6)}px`);
    },
    true,
  );
  const name = () => {
    const drawn = element.querySelector('.wr-case-bar');
    if (!drawn) return;
    const id = drawn.dataset.talk;
    const address = id ? `/?talk=${id}` : '/';
    if (location.pathname === '/' && location.pathname + location.search !== address) {
      history.replaceState(history.state, '', address);
      document.dispatchEvent(new Event('wr-talk'));
    }
  };
  watch('value', name);
}

export function dialog(element, trigger, watch) {
  buttons(element, trigger);
  let before = null;
  element.addEventListener(
    'cancel',
    (event) => {
      event.preventDefault();
      trigger('click', { act: 'dismiss' });
    },
    true,
  );
  watch('value', () => {
    const box = element.querySelector('dialog');
    if (!box) {
      if (before?.isConnected) before.focus();
      before = null;
      return;
    }
    before ??= document.activeElement;
    if (box.matches(':modal')) box.close();
    box.showModal();
    box.querySelector('input:not([type=checkbox])')?.focus();
  });
}

/** What a screen reader is told; also the place where another page's question is sent from. */
export function told(element, trigger, watch) {
  element.setAttribute('role', 'status');
  watch('value', () => {
    if (element.querySelector('[data-ask]')) {
      setTimeout(() => document.querySelector('#wr-box .submit-button')?.click(), 100);
    }
  });
}
