"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  let data = JSON.parse($("data").textContent);
  let plots = [];
  let zoom = null; // [min, max] in seconds, shared by all charts; null = everything
  let scope = data.default || "machine";
  const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

  // ---- numbers -------------------------------------------------------------------------------------------------------------
  const size = (v) => {
    let n = Math.abs(v), u = 0;
    while (n >= 999.95 && u < 6) { n /= 1024; u++; }
    return (v < 0 ? "-" : "") + (u === 0 || Number.isInteger(n) ? n.toFixed(0) : n.toFixed(1)) + "BKMGTPE"[u];
  };
  const rate = (v) => (v >= 1e6 ? (v / 1e6).toFixed(1) + "M" : v >= 1e4 ? (v / 1e3).toFixed(1) + "k" : v >= 100 || Number.isInteger(v) ? v.toFixed(0) : v.toFixed(1)) + "/s";
  const percent = (v) => (v >= 10 || v === 0 ? v.toFixed(0) : v.toFixed(2)) + "%";
  const format = { bytes: size, percent, rate };
  const span = (s) => s < 0 ? "-" + span(-s) : s === 0 ? "0s" : s < 1e-3 ? +(s * 1e6).toPrecision(3) + "us" : s < 1 ? +(s * 1e3).toPrecision(4) + "ms"
    : s < 120 ? +s.toFixed(3) + "s" : s < 7200 ? Math.floor(s / 60) + "m" + String(Math.floor(s % 60)).padStart(2, "0") + "s"
    : Math.floor(s / 3600) + "h" + String(Math.floor(s / 60 % 60)).padStart(2, "0") + "m";
  const epoch = () => data.runs.length > 0 && data.runs[0].epoch_ms !== undefined;
  const clock = (s) => epoch() ? new Date(s * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC" : span(s);

  // ---- data ----------------------------------------------------------------------------------------------------------------
  const zero = (run) => (run.epoch_ms || 0) / 1000;
  const decode = (run, chart) => {
    const shape = data.shapes[chart.shape];
    let at = 0;
    const t = chart.us.map((us) => zero(run) + (at += us) / 1e6);
    const series = [];
    for (const def of shape.series) {
      const coded = chart.data[def.key];
      if (coded === undefined) continue;
      let value = 0;
      const values = typeof coded === "number" ? t.map(() => coded)
        : coded.d.map((d) => d === null ? null : (value += d) * coded.scale);
      series.push({ ...def, values });
    }
    return { key: shape.key, title: shape.title, unit: shape.unit, t, series };
  };
  const chartsOf = (run, name) => {
    const found = run.scopes.find((each) => each.name === name);
    return found ? found.charts.map((chart) => decode(run, chart)) : [];
  };
  const eventsOf = () => data.runs.flatMap((run) => run.events.map((e, i) => ({ ...e, n: i + 1, t: zero(run) + e.us / 1e6, run: run.name })));
  const extent = () => {
    let min = Infinity, max = -Infinity;
    for (const run of data.runs) {
      for (const each of run.scopes) for (const chart of each.charts) {
        if (chart.us.length > 0) { min = Math.min(min, zero(run) + chart.us[0] / 1e6); }
      }
      max = Math.max(max, zero(run) + run.end_us / 1e6);
    }
    return max > min ? [min, max] : [min - 0.5, min + 0.5];
  };

  // ---- drawing -------------------------------------------------------------------------------------------------------------
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const colour = (key) => css("--c-" + key) || css("--ink");
  const topOf = (values) => values.reduce((a, v) => v !== null && v > a ? v : a, 0);

  // Parts are drawn as their sums, the highest first, so that each covers what is above it.
  const arrange = (chart) => {
    const parts = chart.series.filter((s) => s.role === "part");
    const lines = chart.series.filter((s) => s.role === "line");
    const peak = Math.max(topOf(chart.t.map((_, i) => parts.reduce((a, s) => a + (s.values[i] || 0), 0))), ...lines.map((s) => topOf(s.values)), 0);
    const limits = chart.series.filter((s) => s.role === "limit");
    const near = limits.filter((s) => topOf(s.values) <= 4 * Math.max(peak, 1));
    const far = limits.filter((s) => !near.includes(s));
    const sums = [];
    let below = chart.t.map(() => 0);
    for (const part of parts) {
      below = below.map((b, i) => b + (part.values[i] || 0));
      sums.unshift({ ...part, drawn: below.map((b, i) => part.values[i] === null && parts.every((p) => p.values[i] === null) ? null : b) });
    }
    const shown = [...sums, ...lines.map((s) => ({ ...s, drawn: s.values })), ...near.map((s) => ({ ...s, drawn: s.values }))];
    const least = chart.unit === "bytes" ? 4096 : 1;
    return { shown, top: Math.max(peak, ...near.map((s) => topOf(s.values)), least), far };
  };

  const seriesOptions = (s, chart) => ({
    label: s.label,
    stroke: s.run && s.role === "line" && s.key === "usage" ? css(["--accent", "--yellow", "--c-available"][(s.run - 1) % 3]) : colour(s.key),
    width: s.role === "part" ? 1 : s.role === "limit" ? 1.5 : 2,
    fill: s.role === "part" ? colour(s.key) : undefined,
    dash: s.role === "limit" ? [6, 4] : dashes[(s.run || 0) % dashes.length],
    paths: s.role === "limit" ? uPlot.paths.stepped({ align: 1 }) : undefined,
    points: { show: chart.t.length < 2 },
    value: (u, v, si, i) => i === null || i === undefined || s.values[i] === null || s.values[i] === undefined ? "–" : format[chart.unit](s.values[i]),
  });

  const drawEvents = (u) => {
    const ctx = u.ctx;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = css("--magenta");
    ctx.font = `${11 * devicePixelRatio}px sans-serif`;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    let lastX = -1e9;
    for (const e of eventsOf()) {
      const x = Math.round(u.valToPos(e.t, "x", true));
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
      ctx.beginPath(); ctx.moveTo(x, u.bbox.top); ctx.lineTo(x, u.bbox.top + u.bbox.height); ctx.stroke();
      if (x - lastX > 18 * devicePixelRatio) { ctx.textAlign = x > u.bbox.left + u.bbox.width * 0.9 ? "right" : "left"; ctx.fillText("▼" + e.n, x + (ctx.textAlign === "left" ? 2 : -2), u.bbox.top + 11 * devicePixelRatio); lastX = x; }
    }
    ctx.restore();
  };

  // The library tells of a new scale later, also of one that we set: only another one is a person's zoom.
  let shownRange = [0, 0];
  const setAll = (min, max, except) => { shownRange = [min, max]; for (const p of plots) if (p.u !== except) p.u.setScale("x", { min, max }); };
  const isShown = (min, max) => Math.abs(min - shownRange[0]) + Math.abs(max - shownRange[1]) <= (shownRange[1] - shownRange[0]) * 1e-9;
  const zoomTo = (min, max) => { zoom = [min, max]; setAll(min, max); };
  const zoomed = (u) => {
    const { min, max } = u.scales.x;
    if (min !== null && max > min && !isShown(min, max)) { zoom = [min, max]; setAll(min, max, u); }
  };
  const reset = () => { const [min, max] = extent(); zoomTo(min, max); zoom = null; };

  const options = (plot, width, chart, shown, top) => ({
    width, height: width < 500 ? 210 : 250,
    ms: 1e-3,
    tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
    padding: [10, 12, 0, 0],
    scales: { x: { time: epoch() }, y: { range: () => [0, top * 1.08] } },
    axes: [
      { stroke: css("--soft"), grid: { stroke: css("--grid") }, ticks: { stroke: css("--grid") }, ...(epoch() ? {} : { values: (u, ticks) => ticks.map(span), space: 70 }) },
      { stroke: css("--soft"), grid: { stroke: css("--grid") }, ticks: { stroke: css("--grid") }, size: 62, values: (u, ticks) => ticks.map(format[chart.unit]),
        ...(chart.unit === "bytes" ? { incrs: byteSteps } : {}) },
    ],
    series: [{ label: "time", value: (u, v) => v === null || v === undefined ? "–" : clock(v) }, ...shown.map((s) => seriesOptions(s, chart))],
    cursor: { sync: { key: "ullage" }, drag: { x: true, y: false } },
    hooks: {
      draw: [drawEvents],
      setScale: [(u, key) => { if (key === "x") plot.box.dataset.x = `${u.scales.x.min} ${u.scales.x.max}`; if (key === "x" && plot.ready) zoomed(u); }],
      setCursor: [(u) => {
        const left = u.cursor.left;
        const near = left < 0 ? null : eventsOf().find((e) => Math.abs(u.valToPos(e.t, "x") - left) < 7);
        plot.mark.textContent = near ? `▼${near.n} ${clock(near.t)}: ${near.title}` : "";
      }],
    },
  });
  const byteSteps = [];
  for (let i = 0; i < 60; i++) byteSteps.push(2 ** i);

  const element = (tag, text, attributes) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    return made;
  };

  const summary = (chart, shown) => shown.filter((s) => s.role !== "part" || shown.length < 8)
    .map((s) => `${s.label} at most ${format[chart.unit](topOf(s.values))}`).join(", ");

  const addChart = (chart) => {
    const { shown, top, far } = arrange(chart);
    const box = element("section", "", { class: "chart", tabindex: "0", role: "group" });
    box.append(element("h3", chart.title));
    if (shown.length === 0 || chart.t.length === 0) {
      box.append(element("p", "not available: this kernel, or this cgroup, does not show it", { class: "note" }));
      $("charts").append(box);
      return;
    }
    box.setAttribute("aria-label", `${chart.title}: ${summary(chart, shown)}. Left and right move through time, plus and minus zoom, 0 shows everything.`);
    for (const s of far) box.append(element("p", `${s.label} of ${format[chart.unit](topOf(s.values))} is above the chart`, { class: "note" }));
    const holder = element("div", "", { class: "plot" });
    const mark = element("div", "", { class: "mark", "aria-hidden": "true" });
    box.append(holder, mark);
    $("charts").append(box);
    const plot = { mark, box, chart, shown, ready: false, at: 0 };
    const width = Math.max(240, holder.clientWidth);
    plot.u = new uPlot(options(plot, width, chart, shown, top), [chart.t, ...shown.map((s) => s.drawn)], holder);
    plots.push(plot);
    new ResizeObserver(() => { const w = holder.clientWidth; if (w > 0 && Math.abs(w - plot.u.width) > 1) plot.u.setSize({ width: w, height: w < 500 ? 210 : 250 }); }).observe(holder);
    box.addEventListener("keydown", (event) => keys(event, plot));
    box.append(numbers(chart));
  };

  const keys = (event, plot) => {
    const t = plot.chart.t;
    const [min, max] = zoom || extent();
    const middle = t[plot.at] >= min && t[plot.at] <= max ? t[plot.at] : (min + max) / 2;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      plot.at = Math.min(t.length - 1, Math.max(0, plot.at + (event.key === "ArrowRight" ? 1 : -1)));
    } else if (event.key === "Home" || event.key === "End") {
      plot.at = event.key === "Home" ? 0 : t.length - 1;
    } else if (event.key === "+" || event.key === "=") {
      zoomTo(middle - (max - min) / 4, middle + (max - min) / 4);
    } else if (event.key === "-") {
      zoomTo(middle - (max - min), middle + (max - min));
    } else if (event.key === "0") {
      reset();
    } else {
      return;
    }
    event.preventDefault();
    plot.u.setCursor({ left: plot.u.valToPos(t[plot.at], "x"), top: 10 });
    $("say").textContent = clock(t[plot.at]) + ": " + plot.shown.filter((s) => s.values[plot.at] !== null)
      .map((s) => `${s.label} ${format[plot.chart.unit](s.values[plot.at])}`).join(", ");
  };

  const numbers = (chart) => {
    const details = element("details");
    details.append(element("summary", "numbers and sources"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const list = element("ul");
      for (const s of chart.series) list.append(element("li", `${s.label}: ${s.source}`));
      const table = element("table", "", { class: "data" });
      const head = table.createTHead().insertRow();
      for (const name of ["time", ...chart.series.map((s) => s.label)]) head.append(element("th", name, { scope: "col" }));
      const body = table.createTBody();
      const step = Math.max(1, Math.ceil(chart.t.length / 500));
      for (let i = 0; i < chart.t.length; i += step) {
        const row = body.insertRow();
        row.append(element("td", clock(chart.t[i])));
        for (const s of chart.series) row.append(element("td", s.values[i] === null ? "–" : format[chart.unit](s.values[i]), { class: "n" }));
      }
      const scroll = element("div", "", { class: "scroll tall", tabindex: "0" });
      scroll.append(table);
      details.append(list, scroll);
    }, { once: false });
    return details;
  };

  // Several runs: their lines in one chart, told apart by dashes; stacks cannot lie over each other and follow one by one.
  const overlay = (runs, index, keep) => {
    const sets = runs.map((run) => chartsOf(run, scope)[index]).filter((c) => c && c.t.length > 0);
    if (sets.length === 0) return null;
    const t = [...new Set(sets.flatMap((c) => c.t))].sort((a, b) => a - b);
    const series = [];
    runs.forEach((run, r) => {
      const chart = chartsOf(run, scope)[index];
      if (!chart) return;
      for (const s of chart.series.filter((each) => keep(each))) {
        const values = []; // between its own readings a run keeps what it read last
        let at = -1;
        for (const x of t) {
          while (at + 1 < chart.t.length && chart.t[at + 1] <= x) at++;
          values.push(at < 0 || x > chart.t[chart.t.length - 1] ? null : s.values[at]);
        }
        series.push({ ...s, role: s.role === "part" ? "line" : s.role, label: `${s.label}, ${run.name}`, values, run: r });
      }
    });
    return { ...sets[0], t, series };
  };

  const draw = () => {
    for (const p of plots) p.u.destroy();
    plots = [];
    $("charts").replaceChildren();
    const runs = data.runs;
    if (runs.length === 1) {
      const machine = chartsOf(runs[0], "machine");
      chartsOf(runs[0], scope).forEach((chart, i) => addChart(chart.series.length > 0 || !machine[i] ? chart : { ...machine[i], title: machine[i].title + ", of the machine: this cgroup shows none" }));
    } else {
      const both = overlay(runs, 0, (s) => ["usage", "max", "swap", "available"].includes(s.key));
      if (both) addChart({ ...both, title: "Usage, " + runs.map((r) => r.name).join(" and ") });
      for (const run of runs) for (const chart of chartsOf(run, scope).slice(0, 1)) addChart({ ...chart, title: `${chart.title}, ${run.name}` });
      for (const index of [1, 2]) { const lines = overlay(runs, index, () => true); if (lines) addChart(lines); }
    }
    if (plots.length === 0) $("charts").append(element("p", "nothing was read of this cgroup", { class: "note" }));
    const [min, max] = zoom || extent();
    setAll(min, max);
    for (const p of plots) p.ready = true;
    requestAnimationFrame(() => { root.dataset.charts = String(plots.length); });
  };

  // ---- page ----------------------------------------------------------------------------------------------------------------
  const fillScopes = () => {
    const select = $("scope");
    const names = [...new Set(data.runs.flatMap((run) => run.scopes.map((each) => each.name)))];
    if (!names.includes(scope)) scope = names[0] || "machine";
    if (select.options.length === names.length) return;
    select.replaceChildren(...names.map((name) => element("option", name, { value: name })));
    select.value = scope;
  };
  const choose = (name) => { scope = name; $("scope").value = name; draw(); };

  const theme = (value) => { root.dataset.theme = value; $("theme").textContent = value === "dark" ? "light theme" : "dark theme"; draw(); };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let asked = null;
  $("theme").addEventListener("click", () => { asked = root.dataset.theme === "dark" ? "light" : "dark"; theme(asked); });
  dark.addEventListener("change", () => { if (!asked) theme(dark.matches ? "dark" : "light"); });
  let before = null;
  addEventListener("beforeprint", () => { before = root.dataset.theme; for (const d of document.querySelectorAll("details.text")) d.open = true; theme("light"); });
  addEventListener("afterprint", () => theme(before || "light"));

  $("scope").addEventListener("change", () => choose($("scope").value));
  $("reset").addEventListener("click", reset);
  $("charts").addEventListener("dblclick", reset);
  document.addEventListener("click", (event) => {
    const show = event.target.closest("[data-scope]");
    if (show) { choose(show.dataset.scope); $("charts").scrollIntoView(); }
    const moment = event.target.closest("[data-us]");
    if (moment) {
      const run = data.runs[Number(moment.dataset.run)];
      const t = zero(run) + Number(moment.dataset.us) / 1e6;
      const [min, max] = extent();
      zoomTo(t - (max - min) / 20, t + (max - min) / 20);
      $("charts").scrollIntoView();
    }
    const frame = event.target.closest(".frame");
    if (frame) flame(frame);
  });

  // A frame that is chosen takes the whole width; the outermost one gives everything back.
  const flame = (chosen) => {
    const left = Number(chosen.dataset.left), width = Number(chosen.dataset.width);
    for (const frame of chosen.parentElement.children) {
      const from = Math.max(Number(frame.dataset.left), left), to = Math.min(Number(frame.dataset.left) + Number(frame.dataset.width), left + width);
      frame.hidden = to <= from;
      frame.style.left = (from - left) / width * 100 + "%";
      frame.style.width = Math.max(0, to - from) / width * 100 + "%";
    }
  };

  // ---- live ----------------------------------------------------------------------------------------------------------------
  const refreshTable = () => {
    for (const row of data.cgroups || []) {
      const line = [...document.querySelectorAll("tr[data-cgroup]")].find((tr) => tr.dataset.cgroup === row.name);
      if (line) row.cells.forEach((text, i) => { line.cells[i + 1].textContent = text; });
    }
  };
  const live = async () => {
    try {
      const answer = await fetch(data.live, { cache: "no-store" });
      data = await answer.json();
      $("state").textContent = "live, " + clock(extent()[1]);
      fillScopes();
      refreshTable();
      if (!document.hidden && plots.every((p) => p.u.cursor.left < 0) && !(zoom && zoom[1] < extent()[1])) { zoom = null; draw(); }
    } catch (error) {
      $("state").textContent = "the server does not answer: " + error.message;
    }
    setTimeout(live, 1000);
  };

  fillScopes();
  theme(dark.matches ? "dark" : "light");
  if (data.live) setTimeout(live, 1000);
})();
