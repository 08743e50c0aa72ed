// Draws how long shoppers waited, from the figures in the page: by the hour, or for a single hour as one row of
// visits along the minutes. The colours are the theme's.
(() => {
  const place = document.getElementById("waits");
  const { hours, strip, medianS, target, worst, alt, minutesShort, minutesAxis, hourAxis } = JSON.parse(
    document.getElementById("waits-data").textContent
  );
  const inMinutes = (seconds) => seconds / 60;
  const BAND = 150; // px, at most for an hour: few hours make a narrow picture
  const look = {
    background: "transparent", fontFamily: "inherit", fontSize: "15px", color: "var(--ink-soft)", overflow: "visible",
  };
  const calm = { stroke: "var(--main)", fill: "var(--main-soft)" };
  const warm = { stroke: "var(--warm)", fill: "var(--warm-soft)" };
  const left = hours.flatMap((h) => h.left.map((wait, at) => ({ hour: h.hour, wait, at })));
  const single = hours.flatMap((h) => h.single.map((wait, at) => ({ hour: h.hour, wait, at })));
  const highest = d3.max([
    2 * target, ...hours.map((h) => h.box?.high ?? 0), ...left.map((l) => l.wait), ...single.map((s) => s.wait),
  ]);
  const ticks = d3.ticks(0, inMinutes(highest), 3);
  const top = Math.max(inMinutes(highest), ticks.at(-1));
  const tickFormat = (m) => (m === ticks.at(-1) ? minutesShort.replace("0", m) : `${m}`);

  function boxes(data, { stroke, fill }, inset) {
    const x = "hour";
    return [
      Plot.ruleX(data, { x, y1: (h) => inMinutes(h.box.low), y2: (h) => inMinutes(h.box.high), stroke, strokeWidth: 1.5 }),
      Plot.barY(data, {
        x, y1: (h) => inMinutes(h.box.first), y2: (h) => inMinutes(h.box.third),
        stroke, fill, strokeWidth: 1.5, rx: 7, insetLeft: inset, insetRight: inset,
      }),
      Plot.tickY(data, {
        x, y: (h) => inMinutes(h.box.middle), stroke, strokeWidth: 3, insetLeft: inset, insetRight: inset,
      }),
    ];
  }

  function byHour(width) {
    const domain = d3.range(d3.min(hours, (h) => h.hour), d3.max(hours, (h) => h.hour) + 1);
    const fitting = Math.min(width, 80 + BAND * domain.length);
    const band = (fitting - 80) / domain.length;
    const inset = Math.max(2, (band - Math.min(48, band * 0.6)) / 2); // a box is at most 48 wide
    const beside = band / 2 - inset + 9; // the dots are to the right of the box
    const boxed = hours.filter((h) => h.box !== null);
    return Plot.plot({
      width: fitting, height: 264, marginLeft: 64, marginRight: 16, marginTop: 16, marginBottom: 28, style: look,
      ariaLabel: alt,
      x: { type: "band", domain, padding: 0, label: null, ariaLabel: hourAxis, tickSize: 0, tickPadding: 10 },
      y: { domain: [0, top], label: null, ariaLabel: minutesAxis },
      marks: [
        Plot.axisX({ tickSize: 0, tickPadding: 10, label: null, fontSize: 15 }),
        Plot.axisY(ticks, { tickSize: 0, tickPadding: 12, label: null, fontSize: 15, tickFormat }),
        Plot.ruleY([inMinutes(target)], { stroke: "var(--main)", strokeWidth: 1.5, strokeDasharray: "6 5" }),
        ...boxes(boxed.filter((h) => h.hour !== worst), calm, inset),
        ...boxes(boxed.filter((h) => h.hour === worst), warm, inset),
        Plot.dot(single, {
          x: "hour", y: (s) => inMinutes(s.wait), ...calm, strokeWidth: 1.5, r: 5, className: "single",
        }),
        ...d3.groups(left, (l) => l.at % 3).map(([column, dots]) =>
          Plot.dot(dots, { x: "hour", y: (l) => inMinutes(l.wait), fill: "var(--warm)", r: 4, dx: beside + 9 * column, className: "left" })
        ),
      ],
    });
  }

  // Where each visit is in the strip: on the middle line, or above and below it where others are in the way.
  function placed(visits, inPixels, apart) {
    const rows = new Map(); // row -> the last visit in it, in pixels
    return d3.sort(visits, (v) => v.wait).map((visit) => {
      const x = inPixels(visit.wait);
      let row = 0;
      while (x - (rows.get(row) ?? -Infinity) < apart) row = row > 0 ? -row : 1 - row; // 0, 1, -1, 2, -2, …
      rows.set(row, x);
      return { ...visit, row };
    });
  }

  function asStrip(width) {
    const sides = { marginLeft: 16, marginRight: 48 };
    const all = [...single.map((s) => ({ ...s, helped: true })), ...left.map((l) => ({ ...l, helped: false }))];
    const r = all.length > 60 ? 3 : 5;
    const apart = 2 * r + 2;
    const inPixels = (wait) => (inMinutes(wait) / top) * (width - 64);
    const visits = placed(all, inPixels, apart);
    const rows = Math.max(4, d3.max(visits, (v) => Math.abs(v.row)) + 1);
    const dots = (data, options) => Plot.dot(data, { x: (v) => inMinutes(v.wait), y: "row", r, strokeWidth: 1.5, ...options });
    return Plot.plot({
      width, height: 2 * rows * apart + 50, ...sides, marginTop: 8, marginBottom: 42, style: look, ariaLabel: alt,
      x: { domain: [0, top], label: null, ariaLabel: minutesAxis },
      y: { domain: [-rows, rows], axis: null },
      marks: [
        Plot.axisX(ticks, { tickSize: 0, tickPadding: 14, label: null, fontSize: 15, tickFormat }),
        Plot.ruleX([inMinutes(target)], { stroke: "var(--main)", strokeWidth: 1.5, strokeDasharray: "6 5" }),
        Plot.ruleX([inMinutes(medianS)], { stroke: "var(--main)", strokeWidth: 3, insetTop: apart, insetBottom: apart }),
        dots(visits.filter((v) => v.helped), { ...calm, className: "single" }),
        dots(visits.filter((v) => !v.helped), { fill: "var(--warm)", className: "left" }),
      ],
    });
  }

  function draw() {
    const drawn = (strip ? asStrip : byHour)(place.clientWidth);
    drawn.setAttribute("role", "img");
    for (const part of drawn.querySelectorAll("[aria-label]")) { // the picture has a name; parts may have none
      part.dataset.part = part.ariaLabel;
      part.removeAttribute("aria-label");
    }
    place.replaceChildren(drawn);
  }

  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth !== width) {
      width = place.clientWidth;
      draw();
    }
  }).observe(place);
})();
