// Sounds once for each ticket that is newly called or coming, if the shop wants it; and loads the page again after its
// settings or the server have changed. live.js keeps the page live.
(() => {
  const { version, sound } = document.body.dataset;
  const silent = document.getElementById("silent");
  let known = shown();

  function shown() {
    return new Set([...document.querySelectorAll("[data-ticket]")].map((one) => one.dataset.ticket));
  }

  function play() {
    new Audio(sound).play().then(
      () => { silent.hidden = true; },
      () => { silent.hidden = false; } // browsers stay silent until somebody has pressed a key
    );
  }

  document.addEventListener("htmx:after:swap", () => {
    const now = document.querySelector("#board [data-version]")?.dataset.version;
    if (now && now !== version) {
      location.reload();
      return;
    }
    const tickets = shown();
    if (sound && [...tickets].some((ticket) => !known.has(ticket))) play();
    known = tickets;
  });

  if (sound) addEventListener("keydown", play, { once: true });
})();
