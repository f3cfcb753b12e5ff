// Leaves the page when the session is over, so that nothing stays on a screen that nobody watches, and says so before.
const CLOCK = '/wr/session';
const LOOK_S = 20;
let active = false;
let notice = null;

for (const kind of ['keydown', 'pointerdown', 'wheel', 'touchstart']) {
  window.addEventListener(kind, () => { active = true; }, { passive: true, capture: true });
}

function leave() {
  const here = location.pathname + location.search;
  location.replace('/sign-in?why=idle&next=' + encodeURIComponent(here));
}

function say(clock) {
  if (notice) return;
  notice = document.createElement('div');
  notice.className = 'wr-ends';
  notice.setAttribute('role', 'alertdialog');
  notice.setAttribute('aria-label', clock.ends_soon);
  const text = document.createElement('p');
  text.textContent = clock.ends_soon;
  const stay = document.createElement('button');
  stay.type = 'button';
  stay.textContent = clock.stay;
  stay.addEventListener('click', () => look(true));
  notice.append(text, stay);
  document.body.append(notice);
  stay.focus();
}

async function look(used) {
  let answer;
  try {
    answer = await plainFetch(CLOCK, { method: used ? 'POST' : 'GET' });
  } catch {
    return; // the server can't be reached just now
  }
  if (answer.status === 401 || answer.status === 404) return leave();
  if (!answer.ok) return;
  const clock = await answer.json();
  if (clock.left_s <= 0) return leave();
  if (clock.left_s <= clock.warn_s) return say(clock);
  notice?.remove();
  notice = null;
}

const plainFetch = window.fetch.bind(window);
window.fetch = async (...request) => {
  const answer = await plainFetch(...request);
  if (answer.status === 401 && new URL(answer.url, location.href).origin === location.origin) leave();
  return answer;
};

setInterval(() => {
  const used = active && !notice;
  active = false;
  look(used);
}, LOOK_S * 1000);
window.addEventListener('pageshow', (event) => { if (event.persisted) look(false); });
