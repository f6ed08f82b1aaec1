// Sets two countries or organisations side by side. Whom there is to compare stands in the page's own tables, the
// shares come from the published ones of this site; without this script the tables are all there is to read.
(() => {
  const stage = document.getElementById("comparison");
  if (!stage) return;
  const root = new URL("..", document.currentScript.src);
  const SVG = "http://www.w3.org/2000/svg";
  // Text keeps its size on a phone because the phone gets a drawing of its own.
  const WIDTH = window.matchMedia("(max-width: 44em)").matches ? 320 : 640;
  const HEIGHT = 260;
  const EDGE = { left: 52, right: 12, top: 12, bottom: 26 };
  const LENSES = { publisher: "by publisher", origin: "by origin of the base model" };
  const TABLES = { country: "all-downloads-share-by-country", organisation: "organisation-history" };

  const element = (name, attributes = {}, text = "") => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  const drawn = (name, attributes, text = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };

  // As the report's pages write a share: what is not quite nothing is not written as nothing.
  const percent = (share) => {
    if (share === null || share === undefined) return "–";
    return share > 0 && share * 100 < 0.05 ? "<0.1%" : `${(share * 100).toFixed(1)}%`;
  };
  const points = (a, b) => {
    if (typeof a !== "number" || typeof b !== "number") return "–";
    const difference = (a - b) * 100;
    return `${difference > 0 ? "+" : difference < 0 ? "−" : ""}${Math.abs(difference).toFixed(1)}`;
  };

  const entries = [...document.querySelectorAll("table.compared tr[data-key]")].map((row) => ({
    key: row.dataset.key,
    kind: row.dataset.kind,
    position: Number(row.dataset.position),
    name: row.querySelector("th").textContent,
  }));
  if (entries.length < 2) return;
  // The code CN and an organisation's slug cn are two keys, so the exact one goes first.
  const find = (key) =>
    entries.find((entry) => entry.key === key) ??
    entries.find((entry) => entry.key.toLowerCase() === (key ?? "").toLowerCase());

  const loaded = new Map();
  const load = (name) => {
    if (!loaded.has(name)) {
      const answer = fetch(new URL(`data/${name}.json`, root)).then((response) => {
        if (!response.ok) throw new Error(`${response.status}`);
        return response.json();
      });
      answer.catch(() => loaded.delete(name));
      loaded.set(name, answer);
    }
    return loaded.get(name);
  };

  const shares = async (entry, lens) => {
    const table = await load(TABLES[entry.kind]);
    const months = Number(stage.dataset.months);
    const rows = table.rows.filter((row) => row.window_months === months && row.basis === stage.dataset.basis);
    // An organisation is told by its place at the newest date: its name may hold what a page cannot show.
    const newest = (row) => row.as_of === table.as_of && row.lens === "publisher";
    const value =
      entry.kind === "country"
        ? entry.key
        : rows.filter(newest).sort((one, other) => one.rank - other.rank)[entry.position - 1]?.organisation;
    const theirs = rows.filter((row) => row[entry.kind] === value && row.lens === lens);
    return new Map(theirs.map((row) => [row.as_of, row.share]));
  };

  const choose = (label, id, groups) => {
    const box = element("label", { for: id }, `${label} `);
    const select = element("select", { id, style: "font:inherit;min-height:1.5rem" });
    for (const [title, options] of groups) {
      const parent = title ? element("optgroup", { label: title }) : select;
      for (const [value, text] of options) parent.append(element("option", { value }, text));
      if (title && options.length) select.append(parent);
    }
    const place = element("p", { class: "compare-choice" });
    place.append(box, select);
    stage.append(place);
    return select;
  };
  const of = (kind) => entries.filter((entry) => entry.kind === kind).map((entry) => [entry.key, entry.name]);
  const groups = [
    ["Countries", of("country")],
    ["Organisations", of("organisation")],
  ];
  const first = choose("Compare", "compare-a", groups);
  const second = choose("with", "compare-b", groups);
  const counted = choose("counted", "compare-lens", [["", Object.entries(LENSES)]]);
  const status = element("p", { role: "status", "aria-live": "polite", class: "finding" });
  const result = element("div");
  stage.append(status, result);

  const chart = (days, sides, label) => {
    const values = sides.flatMap((side) => [...side.shares.values()]).filter((value) => typeof value === "number");
    const low = Math.min(0, ...values);
    const high = Math.max(0, ...values) || 1;
    const times = days.map((day) => Date.parse(day));
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const across = WIDTH - EDGE.left - EDGE.right;
    const up = HEIGHT - EDGE.top - EDGE.bottom;
    const x = (day) => EDGE.left + (across * (Date.parse(day) - from)) / (to - from);
    const y = (share) => EDGE.top + up - (up * (share - low)) / (high - low);
    const svg = drawn("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": label,
      style: "max-width:100%;height:auto",
      width: WIDTH,
      height: HEIGHT,
    });
    const words = { fill: "currentColor", "font-size": 13 };
    for (const level of [...new Set([low, 0, high / 2, high])]) {
      const line = { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(level), y2: y(level) };
      svg.append(drawn("line", { ...line, stroke: "currentColor", opacity: 0.2 }));
      svg.append(drawn("text", { ...words, x: EDGE.left - 6, y: y(level) + 4, "text-anchor": "end" }, percent(level)));
    }
    svg.append(drawn("text", { ...words, x: EDGE.left, y: HEIGHT - 6 }, days.at(-1)));
    svg.append(drawn("text", { ...words, x: WIDTH - EDGE.right, y: HEIGHT - 6, "text-anchor": "end" }, days[0]));
    for (const side of sides) {
      let run = [];
      const runs = [run];
      for (const day of [...days].reverse()) {
        const share = side.shares.get(day);
        if (typeof share === "number") run.push([x(day), y(share)]);
        else runs.push((run = []));
      }
      const line = { fill: "none", stroke: side.colour, "stroke-width": 2.5, "stroke-dasharray": side.dash };
      for (const one of runs.filter((points) => points.length > 0)) {
        const [last, height] = one.at(-1);
        svg.append(drawn("polyline", { ...line, points: one.map((pair) => pair.join(",")).join(" ") }));
        svg.append(drawn("circle", { cx: last, cy: height, r: 3.5, fill: side.colour }));
      }
    }
    return svg;
  };

  const table = (days, sides, title) => {
    const scroll = element("div", { class: "table-scroll", role: "region", tabindex: "0", "aria-label": title });
    const made = element("table", { id: "compared", class: "data" });
    made.append(element("caption", { style: "text-align:left" }, title));
    const head = element("tr");
    for (const name of ["Date", sides[0].name, sides[1].name, "Difference in percentage points"]) {
      head.append(element("th", { scope: "col" }, name));
    }
    const body = element("tbody");
    for (const day of days) {
      const [a, b] = sides.map((side) => side.shares.get(day));
      const row = element("tr");
      row.append(element("th", { scope: "row" }, day));
      for (const text of [percent(a), percent(b), points(a, b)]) row.append(element("td", {}, text));
      body.append(row);
    }
    const top = element("thead");
    top.append(head);
    made.append(top, body);
    scroll.append(made);
    return scroll;
  };

  let asked = 0;
  const show = async (note = "") => {
    const turn = ++asked;
    const lens = counted.value;
    const chosen = [find(first.value), find(second.value)];
    let found;
    try {
      found = await Promise.all(chosen.map((entry) => shares(entry, lens)));
    } catch {
      if (turn !== asked) return;
      result.replaceChildren();
      status.textContent = "The shares could not be loaded; the tables below hold them.";
      return;
    }
    // A reader who chose anew in the meantime waits for that choice.
    if (turn !== asked) return;
    const styles = [
      { colour: "var(--md-typeset-a-color, currentColor)", dash: "none" },
      { colour: "currentColor", dash: "7 4" },
    ];
    const sides = chosen.map((entry, index) => ({ name: entry.name, shares: found[index], ...styles[index] }));
    const days = [...new Set(found.flatMap((side) => [...side.keys()]))].sort().reverse();
    result.replaceChildren();
    if (days.length === 0) {
      status.textContent = `${note}Neither ${sides[0].name} nor ${sides[1].name} is in the table ${LENSES[lens]}.`;
      return;
    }
    const now = sides.map((side) => `${side.name} ${percent(side.shares.get(days[0]))}`).join(", ");
    status.textContent = `${note}Share of all downloads ${LENSES[lens]} on ${days[0]}: ${now}.`;
    const title = `Shares of all downloads ${LENSES[lens]}`;
    if (days.length > 1) {
      const label = `Lines of the two shares from ${days.at(-1)} to ${days[0]}. At the end: ${now}.`;
      result.append(
        chart(days, sides, label),
        element("p", { class: "figure-key" }, `Solid line: ${sides[0].name}. Dashed line: ${sides[1].name}.`),
      );
    } else {
      result.append(element("p", { class: "empty" }, "One date so far: lines appear when the archive holds more."));
    }
    result.append(table(days, sides, title));
  };

  const query = new URLSearchParams(location.search);
  let unknown = "";
  const start = (select, name, otherwise) => {
    const wanted = query.get(name);
    const entry = wanted === null ? undefined : find(wanted);
    if (wanted !== null && !entry) unknown += `“${wanted}” is not among those compared. `;
    select.value = (entry ?? otherwise).key;
  };
  start(first, "a", find("CN") ?? entries[0]);
  start(second, "b", [find("US"), ...entries].find((entry) => entry && entry.key !== first.value));
  if (Object.hasOwn(LENSES, query.get("lens"))) counted.value = query.get("lens");

  const choice = () => {
    const address = new URL(location.href);
    address.search = new URLSearchParams({ a: first.value, b: second.value, lens: counted.value });
    history.replaceState(null, "", address);
    show();
  };
  for (const select of [first, second, counted]) select.addEventListener("change", choice);
  stage.hidden = false;
  show(unknown);
})();
