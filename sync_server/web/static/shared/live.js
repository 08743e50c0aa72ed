// Keeps a page honest: it says within 15 s that it is not live, and is live again within 5 s of the network's return.
//
// A page listens to events (hx-sse:connect; the server sends one at least every 5 s), asks for a piece of itself
// from time to time (hx-get), or both. Browsers do not tell a page that a connection has gone silent, so this looks
// at the time of the last answer. live_updates.html has the time-outs of requests.
(() => {
  const SILENT_MS = 12000; // without an answer for so long, the page is not live
  const FRONT_MS = 4000; // the same after it came to the front, where somebody reads it
  const RETRY_MS = 800;

  const note = document.getElementById("offline");
  const listener = document.querySelector("[hx-sse\\:connect]");
  const pieces = [...document.querySelectorAll("[hx-get]")];
  let connection = null; // of the listener, as the extension describes it
  let heardAt = Date.now(); // of the listener, or of the pieces on a page without one
  let over = listener === null && pieces.length === 0;

  function show(isLive) {
    note.hidden = isLive;
    document.documentElement.dataset.live = isLive ? "yes" : "no";
  }

  function heard() {
    heardAt = Date.now();
    show(true);
  }

  function retry(element) {
    setTimeout(() => htmx.trigger(element, "again"), RETRY_MS);
  }

  // The listener's connection is renewed by the extension once it has ended.
  function renew() {
    connection?.delayCanceller?.();
    connection?.reader?.cancel();
  }

  function lookAnew() {
    renew();
    for (const piece of pieces) htmx.trigger(piece, "again");
  }

  // What an answer with an error says. True: this page is over.
  function leave(status) {
    if (status === 401) location.assign(document.body.dataset.signIn);
    else if (status === 404) location.reload();
    else return false;
    over = true;
    return true;
  }

  if (listener === null && !over) heard(); // what the page shows is from this moment

  // --- the listener ---

  document.addEventListener("htmx:sse:after:connection", ({ detail }) => {
    connection = detail.connection;
    heard();
  });

  document.addEventListener("htmx:sse:after:message", ({ detail }) => {
    heard();
    if (detail.message.event === "signed-out") leave(401);
    else if (detail.message.event === "gone") leave(404);
    else if (detail.message.event === "over") over = true;
  });

  document.addEventListener("htmx:sse:error", ({ detail }) => {
    if (!leave(detail.status)) show(false);
  });

  document.addEventListener("htmx:sse:close", () => {
    connection = null;
    if (!over) retry(listener); // the extension gave up
  });

  // --- requests: the listener's first one, and those of the pieces ---

  function failed(element, status) {
    if (over || leave(status)) return;
    if (element === listener || listener === null) show(false);
    if (element === listener || pieces.includes(element)) retry(element);
  }

  document.addEventListener("htmx:error", ({ target }) => failed(target));
  document.addEventListener("htmx:response:error", ({ target, detail }) => failed(target, detail.ctx.response.status));
  document.addEventListener("htmx:after:swap", () => { if (listener === null) heard(); });

  // --- the time, the network, and the front ---

  setInterval(() => {
    const silent = Date.now() - heardAt;
    if (over || document.hidden || (0 <= silent && silent < SILENT_MS)) return; // below 0: the clock was put back
    show(false);
    heardAt = Date.now() - SILENT_MS + FRONT_MS; // the next try has so long
    renew();
  }, 1000);

  addEventListener("offline", () => { if (!over) show(false); });
  addEventListener("online", () => { if (!over) lookAnew(); });

  document.addEventListener("visibilitychange", () => {
    if (over || document.hidden) return;
    heardAt = Date.now() - SILENT_MS + FRONT_MS;
    lookAnew(); // the extension lets the listener's connection go in the background
  });
})();
