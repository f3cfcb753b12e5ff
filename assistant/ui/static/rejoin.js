// A page that lost its server is loaded anew by Gradio as soon as one answers again (APP). What was typed into the box
// and not sent comes back with it; it is kept for that one reload only, and not where the way leads to the sign-in.
const APP = '/gradio_api/app_id';
const TYPED = 'wr-typed';
const before = sessionStorage.getItem(TYPED);
sessionStorage.removeItem(TYPED);

let found = false;
const ask = window.fetch;
window.fetch = async (...request) => {
  const answer = await ask(...request);
  found ||= answer.ok && new URL(answer.url, location.href).pathname === APP;
  return answer;
};
window.addEventListener('pagehide', () => {
  const typed = document.querySelector('#wr-box textarea')?.value;
  if (found && typed) sessionStorage.setItem(TYPED, typed);
});

function bringBack() {
  const field = document.querySelector('#wr-box textarea');
  const told = document.querySelector('.wr-case-bar')?.dataset.typed;
  if (!field || !told) return false;
  field.value = before;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  const box = document.querySelector('#wr-box');
  const note = Object.assign(document.createElement('p'), { className: 'wr-warning wr-typed', textContent: `⚠ ${told}` });
  note.setAttribute('role', 'status');
  box.before(note);
  for (const used of ['keydown', 'pointerdown']) box.addEventListener(used, () => note.remove(), { once: true });
  return true;
}

if (before) {
  const watching = new MutationObserver(() => bringBack() && watching.disconnect());
  watching.observe(document.documentElement, { childList: true, subtree: true });
}
