// Files on their way into the conversation's box. One that is too large never leaves the browser: the shelf has a card
// for it, as for others that can't be read, where Gradio shows a line for some seconds. Of large ones it is said that
// they are being taken in until their card is there.
const UPLOAD = '/gradio_api/upload';
const EVENT = '/gradio_api/run/predict';
const LARGE = 5e6;
let note = null;

const most = () => window.gradio_config?.max_file_size ?? Infinity;
const within = (target) => target instanceof Element && target.closest('#wr-box');

function settle() {
  note?.remove();
  note = null;
}

function announce(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const told = document.querySelector('.wr-case-bar')?.dataset.taking;
  if (bytes < LARGE || !told) return;
  settle();
  note = Object.assign(document.createElement('p'), { className: 'wr-step wr-busy wr-typed' });
  note.textContent = told.replace('{files}', () => files.map((file) => file.name).join(', ')).replace('{mb}', () => Math.round(bytes / 1e6));
  note.setAttribute('role', 'status');
  document.querySelector('#wr-box').before(note);
}

/** The files that may go on, in a transfer of their own; null where all of them may. */
function sifted(files) {
  const large = files.filter((file) => file.size > most());
  const rest = files.filter((file) => file.size <= most());
  if (rest.length) announce(rest);
  if (!large.length) return null;
  const detail = large.map(({ name, size }) => ({ name, size }));
  document.dispatchEvent(new CustomEvent('wr-too-large', { detail }));
  const transfer = new DataTransfer();
  rest.forEach((file) => transfer.items.add(file));
  return transfer;
}

document.addEventListener('drop', (event) => {
  if (!within(event.target) || !event.dataTransfer?.files.length) return;
  const transfer = sifted([...event.dataTransfer.files]);
  if (!transfer) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const again = new DragEvent(transfer.files.length ? 'drop' : 'dragleave', { bubbles: true, cancelable: true, dataTransfer: transfer });
  event.target.dispatchEvent(again);
}, true);

document.addEventListener('change', (event) => {
  const input = event.target;
  if (!within(input) || input.type !== 'file' || !input.files.length) return;
  const transfer = sifted([...input.files]);
  if (!transfer) return;
  event.stopImmediatePropagation();
  input.files = transfer.files;
  if (transfer.files.length) input.dispatchEvent(new Event('change', { bubbles: true }));
}, true);

const ask = window.fetch;
window.fetch = async (...request) => {
  const answer = await ask(...request).catch((error) => {
    settle();
    throw error;
  });
  const { pathname } = new URL(answer.url, location.href);
  const tellsFiles = pathname === EVENT && String(request[1]?.body).includes('"orig_name"'); // answered with the cards
  if (tellsFiles || (pathname === UPLOAD && !answer.ok)) settle();
  return answer;
};
