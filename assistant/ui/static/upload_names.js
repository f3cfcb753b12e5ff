// Gradio names its upload buttons otherwise than they read ("Click to upload or drop files" over "Drop File Here …"),
// and not after what they are for. Here each is named by its field's label and the words on it.

function name(button) {
  const label = button.closest('.block')?.querySelector('label, [data-testid="block-label"]')?.textContent ?? '';
  const told = [label, button.textContent].map((text) => text.replace(/\s+/g, ' ').trim()).filter(Boolean).join(': ');
  if (told && button.getAttribute('aria-label') !== told) button.setAttribute('aria-label', told);
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    document.querySelectorAll('button.upload-container, .upload-container button').forEach(name);
  }, 200);
}).observe(document.documentElement, {childList: true, subtree: true, attributeFilter: ['aria-label']});
