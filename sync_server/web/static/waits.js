// Draws how long shoppers waited, hour by hour, from the figures in the page. Colours follow the theme.
(() => {
  const place = document.getElementById("waits");
  const { hours, target, worst, alt, minutes, hour: hourWord, inWords } = JSON.parse(
    document.getElementById("waits-data").textContent
  );
  const inMinutes = (seconds) => seconds / 60;
  const first = Math.min(...hours.map((h) => h.hour));
  const last = Math.max(...hours.map((h) => h.hour));
  const domain = d3.range(first, last + 1);
  const calm = hours.filter((h) => h.hour !== worst);
  const bad = hours.filter((h) => h.hour === worst);
  const left = hours.flatMap((h) => h.left.map((wait, at) => ({ hour: h.hour, wait, at })));
  const highest = d3.max([2 * target, ...hours.map((h) => h.high), ...left.map((l) => l.wait)]);

  const ticks = d3.ticks(0, inMinutes(highest), 3);

  function boxes(data, stroke, fill, inset) {
    const x = "hour";
    return [
      Plot.ruleX(data, { x, y1: (h) => inMinutes(h.low), y2: (h) => inMinutes(h.high), stroke, strokeWidth: 1.5 }),
      Plot.barY(data, {
        x, y1: (h) => inMinutes(h.first), y2: (h) => inMinutes(h.third),
        stroke, fill, strokeWidth: 1.5, rx: 7, insetLeft: inset, insetRight: inset,
      }),
      Plot.tickY(data, {
        x, y: (h) => inMinutes(h.middle), stroke, strokeWidth: 3, insetLeft: inset, insetRight: inset,
      }),
    ];
  }

  function draw() {
    const width = place.clientWidth;
    const band = (width - 80) / domain.length;
    const inset = Math.max(2, (band - Math.min(48, band * 0.6)) / 2); // a box is at most 48 wide
    const beside = band / 2 - inset + 9; // dots stand right of the box
    const drawn = Plot.plot({
      width,
      height: 264,
      marginLeft: 64,
      marginRight: 16,
      marginTop: 16,
      marginBottom: 28,
      style: { background: "transparent", fontFamily: "inherit", fontSize: "15px", color: "var(--ink-soft)", overflow: "visible" },
      ariaLabel: alt,
      x: { type: "band", domain, padding: 0, label: null, ariaLabel: hourWord, tickSize: 0, tickPadding: 10 },
      y: { domain: [0, Math.max(inMinutes(highest), ticks.at(-1))], label: null, ariaLabel: minutes },
      marks: [
        Plot.axisX({ tickSize: 0, tickPadding: 10, label: null, fontSize: 15 }),
        Plot.axisY(ticks, {
          tickSize: 0, tickPadding: 12, label: null, fontSize: 15,
          tickFormat: (m) => (m === ticks.at(-1) ? inWords.replace("0", m) : `${m}`),
        }),
        Plot.ruleY([inMinutes(target)], { stroke: "var(--main)", strokeWidth: 1.5, strokeDasharray: "6 5" }),
        ...boxes(calm, "var(--main)", "var(--main-soft)", inset),
        ...boxes(bad, "var(--warm)", "var(--warm-soft)", inset),
        ...d3.groups(left, (l) => l.at % 3).map(([column, dots]) =>
          Plot.dot(dots, { x: "hour", y: (l) => inMinutes(l.wait), fill: "var(--warm)", r: 4, dx: beside + 9 * column })
        ),
      ],
    });
    drawn.setAttribute("role", "img");
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
