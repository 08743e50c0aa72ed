// A button with data-still does nothing until it has been in its place for two seconds: a tap that was meant for what
// was there before must not decide about a screen that has just come. #moved says so for a while.
(() => {
  const STILL_MS = 2000;
  const LOOK_MS = 100;
  const SAID_MS = 6000;
  let hide;
  const places = new WeakMap(); // of each button: where it is, and since when

  function isSettled(button) {
    const { left, top } = button.getBoundingClientRect();
    const x = left + scrollX;
    const y = top + scrollY;
    const known = places.get(button);
    if (known?.x !== x || known?.y !== y) places.set(button, { x, y, since: Date.now() });
    return Date.now() - places.get(button).since >= STILL_MS;
  }

  function look() {
    for (const button of document.querySelectorAll("[data-still]")) {
      const unsettled = !isSettled(button);
      button.classList.toggle("unsettled", unsettled);
      button.ariaDisabled = unsettled ? "true" : null;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-still]");
    if (!button || isSettled(button)) return;
    event.preventDefault();
    const moved = document.getElementById("moved");
    moved.hidden = false;
    clearTimeout(hide);
    hide = setTimeout(() => { moved.hidden = true; }, SAID_MS);
  }, true);

  setInterval(look, LOOK_MS);
  look();
})();
