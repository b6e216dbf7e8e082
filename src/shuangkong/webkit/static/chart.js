// Draws the charts of a page in the one house design. Every word and figure comes from the server; nothing is computed here
// but where a mark stands. Without this file the page shows the table of each chart instead.
(() => {
  "use strict";
  // What a sheet holds is said by --paper-wide and --paper-high of the place (px; house.css, print.css): drawn so, not shrunk.
  const onPaper = (plot, side) => Number(getComputedStyle(plot).getPropertyValue(`--paper-${side}`));
  const THIN = "\u2009";
  const FORMULA = /^ *[=+\-@\t\r\n＝＋－＠]/;
  const root = getComputedStyle(document.documentElement);
  const colour = (name) => root.getPropertyValue(`--${name}`).trim() || "#566468";
  const INK = colour("ink"), SOFT = colour("soft"), LINE = colour("line"), AXIS = "#7d898c";
  const HALF = "path://M8 1a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM8 3a5 5 0 0 1 0 10z";
  const STATUS = {
    met: ["met", "circle"], on_track: ["on-track", HALF], behind: ["behind", "triangle"], missed: ["missed", "rect"],
    insufficient: ["insufficient", "emptyCircle"], undetermined: ["undetermined", "emptyCircle"],
  };
  const SHAPES = { disc: "circle", ring: "emptyCircle", square: "rect", triangle: "triangle", diamond: "diamond" };
  const DASHES = { schedule: [6, 4], incentive: [2, 3] };
  const drawings = new Map();
  let printing = false;

  /* words */
  const grouped = (value) => {
    const [whole, part] = String(Math.abs(Number(value.toPrecision(9)))).split(".");
    const digits = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
    return (value < 0 ? "\u2212" : "") + digits + (part ? `.${part}` : "");
  };
  const width = (letter) => (letter > "\u2e80" ? 2 : 1);
  const wrapped = (text, most) => {
    const lines = [""];
    let used = 0;
    for (const word of text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) || []) {
      const size = [...word].reduce((sum, letter) => sum + width(letter), 0);
      if (used + size > most && used) { lines.push(""); used = 0; }
      lines[lines.length - 1] += word;
      used += size;
    }
    return lines.map((line) => line.trim());
  };
  const told = (head, lines, note, room) => {
    const most = Math.max(24, Math.min(56, Math.floor(room / 8)));
    const plain = (text) => text.replace(/[{}|]/g, " ");
    const soft = note ? wrapped(plain(note), most).map((line) => `{note|${line}}`) : [];
    return [`{head|${plain(head)}}`, ...lines.map(plain), ...soft].join("\n");
  };

  /* the house design */
  const text = (size, ink) => ({ fontSize: size, color: ink, fontFamily: getComputedStyle(document.body).fontFamily });
  const titled = (spec) => spec.y !== spec.unit;
  const base = (spec) => ({
    animation: false,
    textStyle: text(12, INK),
    aria: { enabled: true, label: { description: spec.title } },
    title: { text: titled(spec) ? spec.y : "", left: 0, top: 0, padding: 0, textStyle: { ...text(12, SOFT), fontWeight: "normal" } },
    tooltip: {
      renderMode: "richText", confine: true, borderColor: LINE, borderWidth: 1, backgroundColor: "#fff", padding: [8, 10],
      textStyle: { ...text(12, INK), lineHeight: 18, rich: { head: { fontWeight: "bold" }, note: { color: SOFT } } },
    },
  });
  const grid = { left: 4, right: 14, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
  const places = (ticks) => ({
    type: "category", data: ticks, axisTick: { show: false }, axisLine: { onZero: false, lineStyle: { color: AXIS } },
    axisLabel: { ...text(12, SOFT), hideOverlap: true },
  });
  const scale = (zero) => ({
    type: "value", scale: !zero, axisLine: { show: false }, axisTick: { show: false },
    splitLine: { lineStyle: { color: "#e4e9ea" } }, axisLabel: { ...text(12, SOFT), formatter: grouped },
  });
  const hatch = {
    symbol: "rect", color: "#c3cccf", dashArrayX: [1, 0], dashArrayY: [1.5, 4.5], rotation: -Math.PI / 4, symbolSize: 1,
  };
  const thick = (spec, room) => Math.max(2, Math.min(46, ((room - 60) / Math.max(1, spec.ticks.length)) * 0.62));
  // A figure that is missing is a hatched column of its own, from foot to head.
  const missing = (spec, room) => ({
    type: "bar", name: "", yAxisIndex: 1, barWidth: thick(spec, room) * 1.25, barGap: "-100%", silent: true, z: 1,
    data: spec.gaps.map((reason) => (reason ? 1 : null)),
    itemStyle: { color: "#fff", borderColor: "#b7c1c4", borderType: "dashed", borderWidth: 1, decal: hatch },
    label: { show: true, position: "inside", formatter: "?", ...text(14, SOFT) },
  });
  const zeroLine = {
    silent: true, symbol: "none", label: { show: false }, data: [{ yAxis: 0 }],
    lineStyle: { color: AXIS, type: "solid", width: 1 },
  };
  const below = (spec) => spec.series.some((s) => s.values.some((v) => v < 0));

  const marked = (series, place) => {
    const value = series.values[place];
    const status = STATUS[series.statuses[place]];
    const item = { value, link: series.links[place] || "" };
    if (status) return { ...item, symbol: status[1], itemStyle: { color: colour(status[0]), borderColor: colour(status[0]), opacity: 1 } };
    return item;
  };
  const items = (series) => series.values.map((value, place) => (value === null ? null : marked(series, place)));
  const pointer = (series) => (series.links.some(Boolean) ? "pointer" : "default");

  const line = (series) => ({
    type: "line", name: series.label, data: items(series), connectNulls: false, cursor: pointer(series), z: 3,
    showSymbol: series.shape !== "none", symbol: SHAPES[series.shape] || "circle", symbolSize: 10,
    silent: series.shape === "none", emphasis: { disabled: series.shape === "none" },
    itemStyle: { color: colour(series.css) },
    lineStyle: { color: colour(series.css), width: series.shape === "none" ? 1.8 : 2.2, type: DASHES[series.css] || "solid" },
  });
  const bar = (series, spec, room) => ({
    type: "bar", name: series.label, barWidth: thick(spec, room), barGap: "-100%", z: 2,
    data: series.values.map((value, place) => ({ value, link: series.links[place] || "" })),
    cursor: pointer(series), itemStyle: { color: colour(series.css) },
  });
  // How a bar stands is a mark at its end: colour alone would not be read in print.
  const standing = (series) => ({
    type: "scatter", name: "", symbolSize: 11, z: 5, itemStyle: { opacity: 1 }, cursor: pointer(series), data: items(series),
  });
  const barred = (spec, room) => [
    bar(spec.series[0], spec, room), ...spec.series.slice(1).map((s) => limit(s, spec.kind === "bullet", room)),
    ...(spec.series[0].statuses.some(Boolean) ? [standing(spec.series[0])] : []),
  ];
  const limit = (series, lying, room) => {
    const long = Math.max(14, Math.min(58, (room / series.values.length) * 0.78));
    const thin = series.css === "limit" ? 4 : 2;
    const size = lying ? [thin, 26] : [long, thin];
    return {
      type: "scatter", name: series.label, symbol: "rect", symbolSize: size, silent: true, z: 4,
      itemStyle: { color: colour(series.css) }, data: items(series),
    };
  };

  // Strokes tell parts apart that are of one grey in black and white; house.css draws the same in the legend.
  const stroke = (turn) => ({ symbol: "rect", color: "rgba(255,255,255,.5)", dashArrayX: [1, 0], dashArrayY: [1.5, 5], rotation: turn, symbolSize: 1 });
  const STROKES = { "part-oil": stroke(-Math.PI / 4), "part-heat": stroke(Math.PI / 4), spread: stroke(-Math.PI / 4), filled: stroke(Math.PI / 4) };
  const part = (series, spec, room) => {
    const drawn = { ...bar(series, spec, room), stack: "parts" };
    if (STROKES[series.css]) drawn.itemStyle = { ...drawn.itemStyle, decal: STROKES[series.css] };
    return drawn;
  };
  // A sum of which a part is missing is no sum: a question mark stands over it.
  const partly = (spec) => ({
    type: "scatter", name: "", silent: true, symbolSize: 0, z: 6,
    label: { show: true, position: "top", distance: 6, formatter: "?", ...text(14, SOFT) },
    data: spec.ticks.map((_, place) => (spec.partial[place] ? spec.series.reduce((sum, s) => sum + (s.values[place] || 0), 0) : null)),
  });
  // What is to be looked at stands above its place, whatever is drawn there.
  const marks = (spec) => ({
    type: "scatter", name: "", silent: true, yAxisIndex: 1, symbol: "triangle", symbolSize: 9, z: 7,
    itemStyle: { color: colour("behind"), opacity: 1 }, data: spec.marks.map((words) => (words ? 0.97 : null)),
  });
  const lines = (spec, place) => spec.series.map((s) => `${s.label}  ${s.shown[place] ? `${s.shown[place]}${THIN}${spec.unit}` : "—"}`);
  const overPlaces = (spec, room, drawn) => {
    const option = base(spec);
    option.tooltip = {
      ...option.tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: "rgba(11,92,99,.07)" } },
      formatter: (found) => {
        const place = found[0].dataIndex;
        const first = spec.series.map((s) => s.notes[place]).find(Boolean);
        const note = spec.kind === "stack" ? spec.gaps[place] || spec.partial[place] : first;
        return told(spec.ticks[place], lines(spec, place), note || (spec.marks || [])[place] || "", room);
      },
    };
    option.grid = { ...grid, top: titled(spec) ? grid.top : 12 };
    option.xAxis = places(spec.ticks);
    option.yAxis = [scale(spec.zero !== false), { type: "value", min: 0, max: 1, show: false }];
    option.series = drawn;
    if (spec.gaps.length) option.series.push(missing(spec, room));
    if ((spec.marks || []).some(Boolean)) option.series.push(marks(spec));
    if (below(spec)) option.series[0].markLine = zeroLine;
    return option;
  };

  // A band between two courses: a foot that is not drawn, and on it an area as high as the band is wide.
  const band = (one, place) => {
    const same = { type: "line", stack: `band${place}`, silent: true, showSymbol: false, lineStyle: { width: 0, opacity: 0 }, emphasis: { disabled: true }, z: 1 };
    return [
      { ...same, name: "", data: one.low },
      { ...same, name: one.label, data: one.high.map((v, n) => v - one.low[n]), areaStyle: { color: colour(one.css), opacity: 0.22 } },
    ];
  };
  const banded = (spec, room) => {
    const option = overPlaces(spec, room, [...spec.bands.flatMap(band), ...spec.series.map(line)]);
    option.tooltip.formatter = (found) => {
      const place = found[0].dataIndex;
      const spans = spec.bands.map((b) => `${b.label}  ${b.shown[place]}${THIN}${spec.unit}`);
      return told(spec.ticks[place], [...lines(spec, place), ...spans], spec.series.map((s) => s.notes[place]).find(Boolean) || "", room);
    };
    return option;
  };

  const KINDS = {
    fan: banded,
    line: (spec, room) => overPlaces(spec, room, spec.series.map(line)),
    bar: (spec, room) => overPlaces(spec, room, barred(spec, room)),
    stack: (spec, room) => overPlaces(spec, room, [...spec.series.map((s) => part(s, spec, room)), partly(spec)]),
    bullet: (spec, room) => {
      const option = overPlaces(spec, room, barred(spec, room));
      option.series[0].barWidth = 18;
      const along = option.yAxis;
      option.yAxis = { ...option.xAxis, inverse: true };
      option.xAxis = along;
      option.series.forEach((s) => {
        if (s.yAxisIndex) Object.assign(s, { xAxisIndex: 1, yAxisIndex: 0, barWidth: 22 });
        delete s.markLine;
      });
      return option;
    },
    waterfall: (spec, room) => {
      const shown = { ...spec, series: [{ label: "", shown: spec.bars.map((b) => b.shown), notes: spec.bars.map((b) => b.note), values: spec.bars.map((b) => b.to) }] };
      const option = overPlaces(shown, room, []);
      const known = (b) => b.to !== null;
      const low = (b) => Math.min(b.from, b.to), high = (b) => Math.max(b.from, b.to);
      const fill = (b) => colour(b.level ? "accent" : b.to < b.from ? "fewer" : "more");
      const each = (value) => spec.bars.map((b) => (known(b) ? value(b) : null));
      const body = (b, value, position) => (value ? { value, link: b.link, itemStyle: { color: fill(b) }, label: { position } } : null);
      const look = { type: "bar", stack: "run", labelLayout: { moveOverlap: "shiftY" }, barWidth: thick(spec, room), barGap: "-100%", cursor: spec.bars.some((b) => b.link) ? "pointer" : "default" };
      const narrow = room / spec.ticks.length < 74;
      const said = (b) => (narrow ? b.short : b.shown);
      const label = { show: true, ...text(narrow ? 10 : 11, INK), formatter: (p) => said(spec.bars[p.dataIndex]) };
      // a thin line from where a bar ends to where the next one starts
      const on = spec.bars.flatMap((b, place) => (known(b) && spec.bars[place + 1] && known(spec.bars[place + 1])
        ? [[{ coord: [place, b.to], symbol: "none" }, { coord: [place + 1, b.to], symbol: "none" }]] : []));
      if (spec.foot !== null) option.yAxis[0] = { ...option.yAxis[0], min: spec.foot, axisLabel: { ...option.yAxis[0].axisLabel, showMinLabel: false } };
      // bars stand on what is not drawn; one that crosses nought is drawn on both sides of it
      option.series.unshift(
        { ...look, silent: true, itemStyle: { color: "transparent" }, data: each((b) => (low(b) >= 0 ? low(b) : Math.min(high(b), 0))),
          markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: AXIS, type: "solid", width: 1 }, z: 1, data: on } },
        { ...look, label, data: each((b) => body(b, high(b) - Math.max(low(b), 0) > 0 ? high(b) - Math.max(low(b), 0) : 0, "top")) },
        { ...look, label: { ...label, formatter: (p) => (high(spec.bars[p.dataIndex]) > 0 ? "" : said(spec.bars[p.dataIndex])) }, data: each((b) => body(b, low(b) < 0 ? low(b) - Math.min(high(b), 0) : 0, "bottom")) },
      );
      option.xAxis.axisLabel = { ...option.xAxis.axisLabel, interval: 0, hideOverlap: false, width: Math.max(40, room / spec.ticks.length - 8), overflow: "break" };
      return option;
    },
    heat: (spec, room) => {
      const option = base(spec);
      const cells = spec.series.flatMap((s, y) => s.values.map((value, x) => ({ value: [x, y, value], link: s.links[x] || "" })));
      const known = cells.map((c) => c.value[2]).filter((v) => v !== null);
      option.tooltip.formatter = (p) => {
        const [x, y] = p.value, s = spec.series[y];
        return told(`${s.label} ${spec.ticks[x]}`, [s.shown[x] ? `${s.shown[x]}${THIN}${spec.unit}` : "—"], s.notes[x] || "", room);
      };
      option.grid = { ...grid, bottom: 42 };
      option.xAxis = { ...places(spec.ticks), splitArea: { show: false } };
      option.yAxis = { ...places(spec.series.map((s) => s.label)), inverse: true };
      option.visualMap = {
        min: Math.min(...known), max: Math.max(...known), calculable: false, orient: "horizontal", left: 0, bottom: 0, itemHeight: 120, itemWidth: 12,
        text: [grouped(Math.max(...known)), grouped(Math.min(...known))], textStyle: text(12, SOFT), inRange: { color: ["#eaf3f3", "#7fb4b8", "#0b5c63", "#06363b"] },
      };
      option.series = [
        { type: "heatmap", data: cells.filter((c) => c.value[2] !== null), itemStyle: { borderColor: "#fff", borderWidth: 1 } },
        { type: "scatter", symbol: "rect", symbolSize: 9, z: 3, data: cells.filter((c) => c.value[2] === null).map((c) => [c.value[0], c.value[1]]),
          itemStyle: { color: "#fff", borderColor: "#b7c1c4", borderWidth: 1, decal: hatch } },
      ];
      option.visualMap.seriesIndex = 0;
      return option;
    },
    sankey: (spec, room) => {
      const option = base(spec);
      const shades = ["part-coal", "part-electricity", "part-gas", "part-oil", "part-heat", "part-other", "accent"];
      option.tooltip.formatter = (p) =>
        p.dataType === "edge"
          ? told(`${p.data.source} → ${p.data.target}`, [`${p.data.shown}${THIN}${spec.unit}`], p.data.note, room)
          : told(p.name, [`${grouped(p.value)}${THIN}${spec.unit}`], "", room);
      option.series = [{
        type: "sankey", left: 2, right: room < 480 ? 70 : 120, top: 28, bottom: 8, nodeGap: 10, nodeWidth: 14, draggable: false, nodeAlign: "justify",
        data: spec.nodes.map((name, n) => ({ name, itemStyle: { color: colour(shades[n % shades.length]) } })), links: spec.flows,
        lineStyle: { color: "source", opacity: 0.35, curveness: 0.5 }, label: { ...text(12, INK), width: room < 480 ? 66 : 116, overflow: "break" },
      }];
      return option;
    },
  };

  /* drawing */
  const draw = (echarts, plot) => {
    const spec = JSON.parse(plot.parentElement.querySelector("script[type='application/json']").textContent);
    plot.hidden = false;
    const chart = echarts.init(plot, null, { renderer: "svg" });
    const option = () => KINDS[spec.kind](spec, chart.getWidth());
    chart.setOption(option());
    chart.on("click", (point) => { if (point.data && point.data.link) location.assign(point.data.link); });
    let drawnAt = chart.getWidth();
    const again = (size) => {
      chart.resize(size);
      if (chart.getWidth() !== drawnAt) chart.setOption(option(), true);
      drawnAt = chart.getWidth();
    };
    const watch = new ResizeObserver(() => { if (!printing) again(); });
    watch.observe(plot);
    drawings.set(plot, { chart, again, watch });
  };
  const shut = (plot) => {
    const data = plot.parentElement.querySelector("details");
    if (data) data.open = false;
  };
  let engine = null;
  const loaded = (address) => {
    engine ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(window.echarts);
      script.onerror = reject;
      document.head.append(script);
    });
    return engine;
  };
  const prepare = () => {
    for (const [plot, drawing] of drawings) {
      if (!plot.isConnected) { drawing.watch.disconnect(); drawing.chart.dispose(); drawings.delete(plot); }
    }
    for (const button of document.querySelectorAll("button[data-export][hidden]")) button.hidden = false;
    for (const plot of document.querySelectorAll(".plot[data-engine]:not([data-seen])")) {
      plot.dataset.seen = "";
      plot.hidden = false;
      shut(plot);
      loaded(plot.dataset.engine).then((echarts) => draw(echarts, plot)).catch((error) => {
        plot.hidden = true;
        plot.parentElement.querySelector("details").open = true;
        console.error(error);
      });
    }
  };

  /* the table as a file; the rules of webkit.listing.safe_cell */
  const cellText = (cell) => {
    const figure = cell.querySelector("data");
    if (figure) return figure.value;
    const words = cell.textContent.trim() + (cell.dataset.unit ? ` (${cell.dataset.unit})` : "");
    return FORMULA.test(words) ? `'${words}` : words;
  };
  const quoted = (words) => (/[",\r\n]/.test(words) ? `"${words.replace(/"/g, '""')}"` : words);
  const csv = (table) => "\ufeff" + [...table.rows].map((row) => [...row.cells].map((c) => quoted(cellText(c))).join(",") + "\r\n").join("");
  const save = (button) => {
    const table = button.closest("figure").querySelector("table");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
    link.download = `${button.dataset.export.replace(/[\\/:*?"<>|\s]+/g, " ").trim()}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  /* paper */
  const toPaper = () => {
    printing = true;
    for (const data of document.querySelectorAll(":is(figure.chart details,details[data-paper]):not([open])")) { data.open = true; data.dataset.shut = ""; }
    for (const [plot, { chart, again }] of drawings) {
      chart.dispatchAction({ type: "hideTip" });
      again({ width: onPaper(plot, "wide"), height: onPaper(plot, "high") });
    }
  };
  const toScreen = () => {
    printing = false;
    for (const data of document.querySelectorAll("details[data-shut]")) { data.open = false; delete data.dataset.shut; }
    for (const { again } of drawings.values()) again({ width: "auto", height: "auto" });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-export]");
    if (button) save(button);
  });
  document.addEventListener("htmx:after:swap", prepare);
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", toScreen);
  prepare();
})();
