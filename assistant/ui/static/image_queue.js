// Which picture is fetched next: what is wanted now, last asked for first, before what may be wanted soon.

const AT_ONCE = 3;
const SOON_AT_ONCE = 2;
const WAITING = 4; // beyond, whoever scrolls on no longer wants what was asked for first
const wanted = [];
let soon = [];
let running = 0;

/** Why a picture did not come: so many others were asked for after it. */
export class Superseded extends Error {}

/** What `fetching` gives, once it is its turn. */
export function queued(fetching) {
  return new Promise((resolve, reject) => {
    wanted.push({start: () => fetching().then(resolve, reject), drop: () => reject(new Superseded())});
    while (wanted.length > WAITING) wanted.shift().drop();
    next();
  });
}

/** Ask for these in turn while nothing else is wanted; what was put off before is not asked for any more. */
export function later(asks) {
  soon = asks;
  next();
}

function next() {
  while (running < AT_ONCE && wanted.length) run(wanted.pop().start);
  while (running < SOON_AT_ONCE && soon.length) soon.shift()();
}

async function run(start) {
  running += 1;
  await start();
  running -= 1;
  next();
}
