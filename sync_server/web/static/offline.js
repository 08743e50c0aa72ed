// Says so while the page cannot hear of changes, and takes it back as soon as it can again.
(() => {
  const note = document.getElementById("offline");
  const again = 5000; // ms
  const listens = document.querySelector("[hx-sse\\:connect]") !== null; // else it only asks now and then

  document.addEventListener("htmx:sse:error", () => { note.hidden = false; });
  document.addEventListener("htmx:sse:after:connection", () => { note.hidden = true; });

  if (!listens) document.addEventListener("htmx:after:swap", () => { note.hidden = true; });

  // A connection that was there once is renewed by itself; the very first one is tried again here.
  for (const failure of ["htmx:error", "htmx:response:error"]) {
    document.addEventListener(failure, ({ target }) => {
      if (target.hasAttribute?.("hx-sse:connect")) {
        note.hidden = false;
        setTimeout(() => htmx.trigger(target, "again"), again);
      } else if (!listens) {
        note.hidden = false;
      }
    });
  }
})();
