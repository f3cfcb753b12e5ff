// A list of Gradio's that the keyboard has left stays open over the page, or opens again as the server answers, however
// late: it is told to close until it has.
const OPEN = 'input[aria-expanded="true"]';
const WAIT_MS = 150; // as long as Gradio itself may take

let waiting = 0;

function look() {
  if (!waiting) waiting = setTimeout(close, WAIT_MS);
}

function close() {
  waiting = 0;
  const left = [...document.querySelectorAll(OPEN)].filter((list) => list !== document.activeElement);
  for (const list of left) {
    list.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', code: 'Escape', bubbles: true}));
  }
  if (left.length) look();
}

document.addEventListener('focusout', look);
new MutationObserver(look).observe(document.documentElement, {subtree: true, attributeFilter: ['aria-expanded']});
look();
