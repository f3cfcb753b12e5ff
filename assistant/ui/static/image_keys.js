// What each key does to the picture that has the focus.

const FAR = 40; // screen pixels that an arrow moves it

/** The acts of a pane of a viewer by key; `shifted` arrows change the window. */
export function keysOf(viewer, pane, shifted) {
  const last = pane.picture.about.frames - 1;
  const arrow = (right, down) => () =>
    shifted ? pane.windowBy(4 * right, -4 * down) : pane.panBy(-FAR * right, -FAR * down);
  return {
    '+': () => pane.step(true), '=': () => pane.step(true), '-': () => pane.step(false), _: () => pane.step(false),
    0: () => pane.fit(), 1: () => pane.trueSize(), r: () => pane.reset(),
    i: () => pane.set({inverted: !pane.view.inverted}),
    h: () => pane.set({flipX: !pane.view.flipX}), v: () => pane.set({flipY: !pane.view.flipY}),
    ArrowLeft: arrow(-1, 0), ArrowRight: arrow(1, 0), ArrowUp: arrow(0, -1), ArrowDown: arrow(0, 1),
    ...(last > 0 && {
      PageDown: () => viewer.frameBy(pane, 1), PageUp: () => viewer.frameBy(pane, -1),
      Home: () => viewer.frameTo(pane, 0), End: () => viewer.frameTo(pane, last),
    }),
  };
}
