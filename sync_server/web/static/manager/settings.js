// What makes the forms of the settings quicker; all of them work without it.
//
// The preview of the kiosk follows what is typed and chosen, and pins are dragged on the plan of the shop.
(() => {
  document.documentElement.classList.add("js");

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // Who types the hours of a weekday means them: the box above them is ticked.
  const hasWeek = document.querySelector("[name=week]");
  for (const time of document.querySelectorAll("[name^='day.']")) {
    time.addEventListener("input", () => { hasWeek.checked = true; });
  }

  // --- the preview ---

  const preview = document.querySelector("[data-preview]");
  const tile = preview?.querySelector(".chosen");
  const words = document.querySelector(`[name="text.${preview?.dataset.preview}"]`);
  if (tile && words) {
    words.addEventListener("input", () => {
      tile.querySelector(".words").textContent = words.value.trim() || "…";
    });
  }

  for (const picker of document.querySelectorAll("[data-icon-of]")) {
    picker.addEventListener("change", ({ target }) => {
      const drawn = target.parentElement.querySelector(".icon").textContent;
      const shown = picker.querySelector("summary .pill");
      const icon = document.createElement("span");
      icon.className = "icon";
      icon.ariaHidden = "true";
      icon.textContent = drawn;
      shown.replaceChildren(icon, target.value);
      if (tile && picker.dataset.iconOf === "icon") tile.querySelector(".icon").textContent = drawn;
    });
  }

  // --- the plan ---

  const plan = document.querySelector("svg.plan");
  if (!plan) return;
  const STEP = 5; // percent
  const HEIGHT = 0.62; // of the drawing, where its width is 1
  const box = (code, axis) => document.getElementsByName(`${code}.${axis}`)[0];
  const snap = (percent) => Math.round(Math.min(100, Math.max(0, percent)) / STEP) * STEP;

  function place(pin) {
    const { place: code } = pin.dataset;
    const x = box(code, "x").value;
    const y = box(code, "y").value;
    const isAway = x === "" || y === "";
    pin.classList.toggle("away", isAway);
    pin.setAttribute("transform", isAway ? `translate(${pin.dataset.away} 5)` : `translate(${x} ${y * HEIGHT})`);
  }

  for (const pin of plan.querySelectorAll("[data-place]")) {
    const { place: code } = pin.dataset;
    for (const axis of ["x", "y"]) box(code, axis).addEventListener("input", () => place(pin));
    pin.addEventListener("pointerdown", (event) => {
      pin.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    pin.addEventListener("pointermove", (event) => {
      if (!pin.hasPointerCapture(event.pointerId)) return;
      const area = plan.getBoundingClientRect();
      box(code, "x").value = snap(((event.clientX - area.left) / area.width) * 100);
      box(code, "y").value = snap(((event.clientY - area.top) / area.height) * 100);
      place(pin);
    });
  }
})();
