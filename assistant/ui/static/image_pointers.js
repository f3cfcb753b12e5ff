// What a mouse, a finger or two, and a wheel do to a picture.

/** Move, zoom, change the window and scroll the frames of a pane by pointers on its stage. */
export function listen(pane) {
  const {stage} = pane;
  const held = new Map(); // pointer → where it was last
  let dragging = 'move';
  let wheeled = 0;
  let swiped = 0;

  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
  };

  const down = (event) => {
    if (event.button > 2) return;
    stage.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    swiped = 0;
    dragging = event.button === 2 || event.shiftKey || pane.tool === 'window' ? 'window' : 'move';
  };

  /** Sideways, a finger on a picture that is not zoomed goes through its frames, as far as the slider would. */
  const swipe = (right) => {
    swiped += right;
    const each = Math.min(Math.max(stage.clientWidth / pane.picture.about.frames, 6), 30);
    const frames = Math.trunc(swiped / each);
    swiped -= frames * each;
    if (frames) pane.changed(pane, 'frame', frames);
  };

  const move = (event) => {
    const before = held.get(event.pointerId);
    const now = at(event);
    pane.tell(now);
    if (!before || !pane.picture) return;
    if (held.size === 2) {
      const other = [...held].find(([id]) => id !== event.pointerId)[1];
      const apart = (a, b) => Math.max(Math.hypot(a.x - b.x, a.y - b.y), 1);
      pane.zoomBy(apart(now, other) / apart(before, other), {x: (now.x + other.x) / 2, y: (now.y + other.y) / 2});
      pane.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
    } else if (dragging === 'window') {
      pane.windowBy((now.x - before.x) / 2, (before.y - now.y) / 2);
    } else if (event.pointerType === 'touch' && pane.picture.about.frames > 1 && pane.view.scale <= 1) {
      swipe(now.x - before.x);
    } else {
      pane.panBy(now.x - before.x, now.y - before.y);
    }
    held.set(event.pointerId, now);
  };

  const wheel = (event) => {
    if (!pane.picture) return;
    event.preventDefault();
    if (pane.picture.about.frames > 1 && !event.ctrlKey) {
      wheeled += event.deltaY;
      if (Math.abs(wheeled) < 40) return; // a touch pad sends many small steps
      pane.changed(pane, 'frame', Math.sign(wheeled));
      wheeled = 0;
      return;
    }
    pane.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), at(event));
  };

  stage.addEventListener('pointerdown', down);
  stage.addEventListener('pointermove', move);
  for (const kind of ['pointerup', 'pointercancel']) stage.addEventListener(kind, (event) => held.delete(event.pointerId));
  stage.addEventListener('pointerleave', () => pane.tell(null));
  stage.addEventListener('contextmenu', (event) => event.preventDefault());
  stage.addEventListener('dblclick', () => pane.fit());
  stage.addEventListener('wheel', wheel, {passive: false});
}
