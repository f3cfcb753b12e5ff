// A list of Gradio's that the keyboard has left stays open over the page, or opens again as the server answers: it is told
// to close once more.
const LATER_MS = [150, 500, 1200, 2500];

function left(target) {
  const gone = target.isConnected && document.activeElement !== target;
  if (gone && target.getAttribute('aria-expanded') === 'true') target.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', code: 'Escape', bubbles: true}));
}

document.addEventListener('focusout', ({target}) => {
  if (!target.matches?.('input[aria-expanded]')) return;
  for (const wait of LATER_MS) setTimeout(left, wait, target);
});
