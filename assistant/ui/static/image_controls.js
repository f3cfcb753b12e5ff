// Buttons and fields of the picture viewer, with their signs as inline drawings.

const SIGNS = {
  zoom_in: 'M11 5v12M5 11h12', zoom_out: 'M5 11h12', fit: 'M4 9V4h5M13 4h5v5M18 13v5h-5M9 18H4v-5', true_size: '',
  move: 'M11 3v16M3 11h16M11 3l-3 3M11 3l3 3M11 19l-3-3M11 19l3-3M3 11l3-3M3 11l3 3M19 11l-3-3M19 11l-3 3',
  window: 'M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM11 4a7 7 0 1 0 0 14z', invert: 'M4 4h14v14H4zM4 18L18 4',
  flip_x: 'M11 3v16M8 6L3 16h5zM14 6l5 10h-5z', flip_y: 'M3 11h16M6 8l10-5v5zM6 14l10 5v-5z',
  box: 'M4 6h14v10H4z', reset: 'M5 8a7 7 0 1 1-1 5M5 3v5h5', linked: 'M9 13l4-4M7 15a3 3 0 0 1 0-4l2-2M15 7a3 3 0 0 1 0 4l-2 2',
  full_screen: 'M4 8V4h4M14 4h4v4M18 14v4h-4M8 18H4v-4M4 4l5 5M18 4l-5 5M18 18l-5-5M4 18l5-5',
};

/** A button with a sign, named by its text; without a sign the text is shown. */
export function button(text, act, sign = '') {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'wr-tool';
  if (SIGNS[sign]) {
    made.title = text;
    made.setAttribute('aria-label', text);
    made.append(drawn(SIGNS[sign]));
  } else if (sign === 'true_size') {
    made.title = text;
    made.setAttribute('aria-label', `1:1, ${text}`);
    made.textContent = '1:1';
  } else {
    made.textContent = text;
  }
  made.dataset.tool = sign;
  made.addEventListener('click', act);
  return made;
}

/** A button that stays pressed. */
export function toggle(text, sign, act) {
  const made = button(text, act, sign);
  made.setAttribute('aria-pressed', 'false');
  return made;
}

function drawn(path) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 22 22');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(space, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** A labelled list to choose from: {field, select}. */
export function choice(text, act) {
  const select = document.createElement('select');
  select.addEventListener('change', act);
  return {field: labelled(text, select), select};
}

/** A labelled number: {field, show}; what is shown does not take the place of what is being typed. */
export function field(text, act) {
  const input = document.createElement('input');
  let typing = false;
  input.type = 'number';
  input.step = 'any';
  input.addEventListener('input', () => { typing = true; });
  input.addEventListener('blur', () => { typing = false; });
  input.addEventListener('change', () => { typing = false; act(input.valueAsNumber); });
  return {field: labelled(text, input), show: (number) => { if (!typing) input.value = short(number); }};
}

let labels = 0;

function labelled(text, control) {
  const around = document.createElement('span');
  around.className = 'wr-field';
  const label = document.createElement('label');
  labels += 1;
  control.id = label.htmlFor = `field-${labels}`;
  label.textContent = text;
  around.append(label, control);
  return around;
}

/** A text with its {fields} filled in. */
export function filled(text, fields) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? String(fields[name]) : whole));
}

/** A number in as few digits as tell it. */
export function short(number) {
  const size = Math.abs(number);
  return String(Number(size >= 100 || size === 0 ? number.toFixed(0) : number.toPrecision(3)));
}
