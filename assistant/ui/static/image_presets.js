// The windows that are offered for a picture.

import {short} from './image_controls.js';

const HOUNSFIELD = [['soft_tissue', 40, 400], ['lung', -600, 1500], ['bone', 400, 1800], ['brain', 40, 80]];

/** As stored first, then what else the file states, the usual ones of a CT, and the full range. */
export function presetsOf(picture, texts) {
  const {windows, unit, centre, window_width: width} = picture.about;
  const stated = windows.map((one) => ({...one, name: one.name || `${short(one.centre)} / ${short(one.width)}`}));
  const usual = unit === 'HU' ? HOUNSFIELD.map(([name, c, w]) => ({name: texts[name], centre: c, width: w})) : [];
  const [low, high] = picture.range;
  const full = {name: texts.full_range, centre: (low + high) / 2, width: high - low, function: 'LINEAR_EXACT'};
  return [{name: texts.file_window, centre, width, file: true}, ...stated.slice(1), ...usual, full];
}
