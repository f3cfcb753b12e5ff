// The conversation's first drawing is asked for as the page is loaded, and shows what there was until then. Whatever the
// reader does before it is there (a question, a file, a button) waits for it: drawn over by it, the conversation would
// look empty, and the page's address would name none to come back to. This script runs before Gradio's own.
(() => {
  const EVENTS = ['/gradio_api/run/predict', '/gradio_api/queue/join'];
  const ask = window.fetch;

  /** Whether the reader did it, not the page as it was loaded. */
  function ofReader(body) {
    try {
      const { fn_index: number } = JSON.parse(body);
      const targets = window.gradio_config.dependencies.find(({ id }) => id === number).targets;
      return targets.every(([, event]) => event !== 'load');
    } catch {
      return false;
    }
  }

  const drawn = new Promise((resolve) => {
    const watching = new MutationObserver(() => {
      if (!document.querySelector('.wr-case-bar')) return;
      watching.disconnect();
      resolve();
    });
    watching.observe(document.documentElement, { childList: true, subtree: true });
  });

  let failed = () => {};
  const lost = new Promise((resolve) => (failed = resolve)); // there is nothing to wait for then

  window.fetch = async (...request) => {
    const [address, options] = request;
    if (!EVENTS.includes(new URL(address?.url ?? address, location.href).pathname)) return ask(...request);
    if (ofReader(options?.body)) {
      if (document.querySelector('#wr-box')) await Promise.race([drawn, lost]);
      return ask(...request);
    }
    try {
      const answer = await ask(...request);
      if (!answer.ok) failed();
      return answer;
    } catch (error) {
      failed();
      throw error;
    }
  };
})();
