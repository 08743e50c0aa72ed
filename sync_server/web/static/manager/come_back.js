// Goes on as soon as the server answers again after it has stopped.
(() => {
  const { next } = document.querySelector("[data-next]").dataset;
  let wasAway = false;

  async function look() {
    try {
      await fetch("/health", { cache: "no-store" });
      if (wasAway) location.replace(next);
    } catch {
      wasAway = true;
    }
  }

  setInterval(look, 500);
  setTimeout(() => location.replace(next), 60000);
})();
