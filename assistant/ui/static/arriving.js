// What a page first shows is asked for as it is loaded. Whatever the reader does before that is there (a question, a
// file, a button) waits for it: what came of it would be drawn over, and a conversation would look empty and have no
// address to come back to. This script runs before Gradio's own.
(() => {
  const EVENTS = ['/gradio_api/run/predict', '/gradio_api/queue/join'];
  const ask = window.fetch;
  const first = []; // what the page asked for as it was loaded

  /** Whether the page did it as it was loaded, not the reader. */
  function ofLoading(body) {
    try {
      const { fn_index: number } = JSON.parse(body);
      const { targets } = window.gradio_config.dependencies.find(({ id }) => id === number);
      return targets.some(([, event]) => event === 'load');
    } catch {
      return false;
    }
  }

  async function drawn(asked) {
    try {
      await (await asked).clone().arrayBuffer();
    } catch {
      // there is nothing to draw then: Gradio tells of it
    }
    await new Promise((resolve) => setTimeout(resolve)); // Gradio has it now, and draws
  }

  window.fetch = async (...request) => {
    const [address, options] = request;
    if (!EVENTS.includes(new URL(address?.url ?? address, location.href).pathname)) return ask(...request);
    if (!ofLoading(options?.body)) {
      await Promise.all(first);
      return ask(...request);
    }
    const asked = ask(...request);
    first.push(drawn(asked));
    return asked;
  };
})();
