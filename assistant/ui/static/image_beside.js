// What can be laid beside a picture: the case's uploads, and, once asked for, the same patient's other studies.

import {choice, filled} from './image_controls.js';

export class Beside {
  /** `sources` are {src, label}; `priors` lists more; `chosen` gets the source (null: none) and what to say of it. */
  constructor(sources, priors, texts, chosen) {
    Object.assign(this, {priors, texts, chosen});
    this.known = new Map();
    const made = choice(texts.compare, () => this.choose());
    this.field = made.field;
    this.select = made.select;
    this.select.add(new Option(texts.compare_none, ''));
    this.offer(sources);
    if (priors) this.select.add(new Option(texts.priors, 'priors'));
  }

  offer(sources) {
    for (const source of sources) {
      if (this.known.has(source.src)) continue;
      this.known.set(source.src, source);
      this.select.add(new Option(source.label, source.src));
    }
  }

  /** The list says what lies beside it now. */
  show(source) {
    if (source) this.offer([source]);
    this.select.value = source ? source.src : '';
  }

  async choose() {
    if (this.select.value !== 'priors') {
      this.chosen(this.known.get(this.select.value) || null, '');
      return;
    }
    const found = await this.others();
    this.select.querySelector('option[value=priors]')?.remove();
    this.offer(found);
    const told = found.length ? this.texts.priors_found : this.texts.priors_none;
    this.chosen(found[0] || null, filled(told, {count: found.length}));
  }

  async others() {
    try {
      const response = await fetch(this.priors, {cache: 'no-store'});
      return response.ok ? await response.json() : [];
    } catch {
      return [];
    }
  }
}
