"""axe-core in a page: what it finds, by WCAG 2.2 A and AA; and which controls the keyboard reaches."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

AXE = "axe-core@4.14.1"
RUN = """async () => {
  const found = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'],
  });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, impact: node.impact, where: node.target.flat().join(' '),
    why: node.any.concat(node.all, node.none).map((check) => check.message).join('; '),
  })));
}"""
# Every visible control of the page, those in shadow roots too, gets a number; one of a group of radios is enough.
CONTROLS = """() => {
  const found = [];
  const look = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (!node.matches('a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])')) continue;
      if (node.disabled || node.closest('[inert]') || node.type === 'hidden' || node.type === 'file') continue;
      if (node.type === 'radio' && !node.checked) continue;
      if (node.matches('[role=tab], [role=option]') && node.tabIndex < 0) continue;
      if (!node.checkVisibility({checkVisibilityCSS: true, contentVisibilityAuto: true})) continue;
      const box = node.getBoundingClientRect();
      if (!box.width || !box.height) continue;
      found.push(node);
    }
  };
  look(document);
  window.controls = found;
  window.reached = new Set();
  return found.length;
}"""
# Notes the control that has the focus; what is told is how it shows that, if it does not.
FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  if (!node || node === document.body) return null;
  window.reached.add(node);
  for (let at = node, up = 0; at && up < 9; at = at.parentElement || at.getRootNode().host, up += 1) {
    const style = getComputedStyle(at);
    if ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none') return '';
  }
  return window.named(node);
}"""
NAMED = """() => {
  window.named = (node) => `${node.tagName.toLowerCase()}${node.id ? '#' + node.id : ''}.${node.className} ` +
    `"${(node.getAttribute('aria-label') || node.textContent || '').trim().slice(0, 40)}"`;
}"""
MISSED = "() => window.controls.filter((node) => node.isConnected && !window.reached.has(node)).map(window.named)"


def axe_source() -> str:
    """axe-core, from the npm registry; kept between runs. Skips where it can't be had."""
    platformdirs = pytest.importorskip("platformdirs")
    kept = Path(platformdirs.user_cache_dir("wardround-tests")) / f"{AXE.replace('@', '-')}.js"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip("needs npm, to fetch axe-core")
        with tempfile.TemporaryDirectory() as folder:
            got = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True)
            packed = next(Path(folder).glob("*.tgz"), None)
            if packed is None:
                pytest.skip(f"the npm registry can't be reached: {got.stderr.strip()[-200:]}")
            with tarfile.open(packed) as archive:
                member = archive.extractfile("package/axe.min.js")
                assert member is not None
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(member.read())
    return kept.read_text(encoding="utf-8")


def findings(page, source) -> list[str]:
    """What axe-core finds in the page as it is now, serious and critical."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source)
    return [
        f"{one['impact']} {one['rule']}: {one['where']}: {one['why'][:160]}"
        for one in page.evaluate(RUN)
        if one["impact"] in ("serious", "critical")
    ]


def unreached(page, most=400) -> tuple[list[str], list[str]]:
    """(controls that Tab never comes to, controls that do not show that they have the focus)."""
    page.evaluate(NAMED)
    count = page.evaluate(CONTROLS)
    page.evaluate("document.activeElement?.blur()")
    unseen = set()
    for _ in range(min(count + 20, most)):
        page.keyboard.press("Tab")
        if told := page.evaluate(FOCUSED):
            unseen.add(told)
        if page.evaluate("window.reached.size >= window.controls.length") and not page.evaluate(MISSED):
            break
    return page.evaluate(MISSED), sorted(unseen)
