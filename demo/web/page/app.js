// The arena's page: it paints frames, shows statuses, and switches how modules run. Frames are binary (demo/arena/frame.go), a
// status is JSON and always complete (demo/web/stream.go), so a message that was dropped is made good by the next.
"use strict";

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const view = {
  room: decodeURIComponent(location.hash.slice(1)), // the room to watch
  socket: null,
  retry: 300,        // ms until the next attempt to connect
  status: null,      // the newest
  frame: null,       // the newest, not painted yet
  seen: null,        // ID of the newest journal entry that was shown; null before the first status
  flash: new Map(),  // what flashes: "boids", "hunter" or "all", to its beginning
  waiting: [],       // versions that went live but are not in the frames yet
  hidden: "",        // the error card that was closed by hand
  history: { tick: [], spread: [] },
  marks: [],         // times of reloads
  asked: new Map(),  // modes that were chosen here and are not in a status yet: module to { mode, until }
};

/* ---- elements ---- */

// el makes an element; text never becomes markup.
function el(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children);
  return e;
}
function text(id, value) { const e = $(id); if (e.textContent !== String(value)) e.textContent = value; }
const fixed = (n, digits = 0) => Number.isFinite(n) ? n.toFixed(digits) : "–";

/* ---- connection ---- */

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/stream?room=${encodeURIComponent(view.room)}`);
  socket.binaryType = "arraybuffer";
  view.socket = socket;
  link("connecting", "connecting");
  socket.onopen = () => { view.retry = 300; link("open", "connected"); };
  socket.onmessage = (m) => {
    if (socket !== view.socket) return;
    if (typeof m.data === "string") show(JSON.parse(m.data));
    else view.frame = new DataView(m.data);
  };
  socket.onclose = () => {
    if (socket !== view.socket) return; // another room was chosen
    link("closed", "no connection, trying again");
    if (!view.status) view.room = ""; // perhaps a room that there is not
    setTimeout(connect, view.retry);
    view.retry = Math.min(view.retry * 1.6, 3000);
  };
}

function link(state, label) { $("link").dataset.state = state; $("link").lastChild.textContent = label; }

function choose(room) {
  view.room = room;
  history.replaceState(null, "", "#" + encodeURIComponent(room));
  view.history = { tick: [], spread: [] };
  view.marks = [];
  const old = view.socket;
  connect();
  old.close();
}

/* ---- status ---- */

function show(status) {
  view.status = status;
  view.room = status.room.name;
  showRooms(status);
  showTeams(status);
  showMeters(status);
  showModules(status);
  showEntries(status);
  showFault(status);
}

function showRooms({ rooms, room }) {
  const nav = $("rooms");
  if (nav.childElementCount !== rooms.length) {
    nav.replaceChildren(...rooms.map((name) => {
      const b = el("button", "", name);
      b.type = "button";
      b.setAttribute("role", "tab");
      b.onclick = () => choose(name);
      return b;
    }));
  }
  for (const b of nav.children) b.setAttribute("aria-selected", b.textContent === room.name);
}

const colours = () => (dark.matches ? view.status?.palette.night : view.status?.palette.day) ?? {};

function showTeams({ room }) {
  const list = $("teams");
  const teams = colours().teams ?? [];
  while (list.childElementCount > room.teams.length) list.lastChild.remove();
  room.teams.forEach((team, i) => {
    if (!list.children[i]) list.append(el("li", "", el("i"), el("span"), el("b"), el("small")));
    const [dot, name, score, rest] = list.children[i].children;
    dot.style.background = teams[i] ?? "gray";
    name.textContent = team.name;
    score.textContent = team.score;
    rest.textContent = `${team.boids} boids, ${team.lost} lost`;
  });
}

function showMeters({ room, generation }) {
  text("rate", fixed(room.clock.rate, 1));
  text("p50", fixed(room.clock.p50, 1));
  text("p99", fixed(room.clock.p99, 1));
  text("spread", fixed(room.spread, 1));
  text("tick", room.tick.toLocaleString("en"));
  text("entities", room.boids + room.hunters);
  text("errors", room.errors);
  text("generation", generation);
  const now = performance.now();
  push(view.history.tick, now, room.clock.p50);
  push(view.history.spread, now, room.spread);
  view.marks = view.marks.filter((t) => now - t < span);
  spark($("spark-tick"), view.history.tick, 0);
  spark($("spark-spread"), view.history.spread);
}

const span = 30000; // ms that a spark line shows

function push(list, time, value) {
  list.push([time, value]);
  while (list.length && time - list[0][0] > span) list.shift();
}

// spark draws a line with a mark for each reload.
function spark(canvas, list, low = Math.min(...list.map((p) => p[1]))) {
  const style = getComputedStyle(document.body);
  const [w, h] = fit(canvas);
  const c = canvas.getContext("2d");
  const now = performance.now();
  const high = Math.max(...list.map((p) => p[1]), low + 1e-6);
  const x = (t) => w - ((now - t) / span) * w;
  c.clearRect(0, 0, w, h);
  c.fillStyle = style.getPropertyValue("--accent");
  for (const t of view.marks) c.fillRect(Math.round(x(t)), 0, Math.max(1, devicePixelRatio), h);
  c.strokeStyle = style.getPropertyValue("--soft");
  c.lineWidth = 1.25 * devicePixelRatio;
  c.beginPath();
  for (const [t, v] of list) c.lineTo(x(t), h - 2 - ((v - low) / (high - low)) * (h - 4));
  c.stroke();
}

// fit gives a canvas as many pixels as the screen has for it.
function fit(canvas) {
  const w = Math.round(canvas.clientWidth * devicePixelRatio), h = Math.round(canvas.clientHeight * devicePixelRatio);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  return [w, h];
}

/* ---- modules ---- */

const stages = [["settle", ["settle"]], ["read", ["snapshot", "parse"]], ["check", ["check"]], ["build", ["build"]], ["prepare", ["prepare"]], ["bind", ["bind", "commit"]]];
const sum = (module, keys) => keys.reduce((n, k) => n + (module.stages[k] ?? 0), 0);

function showModules({ modules, switches, native_off: off }) {
  const list = $("modules");
  const old = new Map([...list.children].map((li) => [li.dataset.module, li]));
  const rows = modules.map((m) => {
    const li = old.get(m.name) ?? moduleRow(m);
    showModule(li, m, switches[m.name]);
    return li;
  });
  // Rows that stay where they are must not be inserted again: that would restart their animations.
  if (rows.length !== list.children.length || rows.some((li, i) => li !== list.children[i])) list.replaceChildren(...rows);
  if (!$("all").querySelector("fieldset")) $("all").append(modeSwitch("", "all modules"));
  const chosen = new Set(modules.map(modeOf));
  check($("all"), chosen.size === 1 ? [...chosen][0] : "");
  $("native-off").hidden = !off;
  text("native-off", off ? `native mode is off: ${off}` : "");
  for (const input of document.querySelectorAll(".mode input[value=native]")) {
    input.disabled = off !== "";
    input.title = off;
  }
}

function moduleRow(m) {
  const bar = el("span", "bar", ...stages.map(([name]) => {
    const s = el("span");
    s.style.background = `var(--${name})`;
    return s;
  }));
  const building = el("span", "building", el("i"), "building");
  const reasons = el("details", "reasons", el("summary"), el("div"));
  const name = el("span", "name", m.name);
  name.title = m.name;
  return el("li", "", el("i"), name, modeSwitch(m.name, m.name), el("span", "version"), bar,
    el("span", "note", el("span", "backend"), el("span"), building), reasons);
}

function showModule(li, m, change) {
  if (li.dataset.version && Number(li.dataset.version) < m.version) restart(li, "fresh");
  Object.assign(li.dataset, { module: m.name, version: m.version, state: m.state, mode: m.mode, backend: m.backend });
  const [, , modes, version, bar, note, reasons] = li.children;
  const [backend, what, building] = note.children;
  check(modes, modeOf(m));
  version.textContent = m.version ? "v" + m.version : "none";
  stages.forEach(([, keys], i) => { bar.children[i].style.flexGrow = sum(m, keys); });
  backend.textContent = m.backend || "not running";
  backend.dataset.mode = m.backend;
  what.textContent = m.state === "live" ? effort(m)
    : m.diagnostics.length ? place(m.diagnostics[0]) || m.diagnostics[0].rule : m.state;
  building.hidden = !m.building && !(change && !change.failed && change.mode === "native" && m.backend !== "native");
  showReasons(reasons, m, change);
}

// effort is what it took to make the version that serves.
function effort(m) {
  const work = sum(m, ["snapshot", "parse", "check", "prepare", "bind", "commit"]);
  const settle = sum(m, ["settle"]), build = sum(m, ["build"]);
  return `${fixed(work, 1)} ms of work${settle ? ` after ${fixed(settle)} ms of quiet` : ""}${build >= 1 ? `, built in ${seconds(build)}` : ""}`;
}

const seconds = (ms) => ms < 100 ? `${fixed(ms)} ms` : `${fixed(ms / 1000, 1)} s`;

// showReasons says why a module does not run in the mode that it might.
function showReasons(details, m, change) {
  const failed = change?.failed ? change : null;
  const list = failed ? failed.diagnostics : m.backend === "native" ? [] : m.not_native;
  const head = failed ? `cannot run ${failed.mode}` : "not native";
  details.hidden = !failed && !list.length;
  const why = list.length ? list : failed ? [failed] : [];
  const key = JSON.stringify([head, why]);
  if (details.dataset.key === key) return; // an open one stays as it is
  details.dataset.key = key;
  details.toggleAttribute("data-failed", Boolean(failed));
  details.firstChild.replaceChildren(head, el("span", "", `: ${why[0]?.message.split("\n")[0]}`));
  details.lastChild.replaceChildren(...why.map((d) => {
    const p = el("p", "", el("span", "where", d.file ? place(d) + " " : ""), d.message);
    if (d.hint) p.append(el("br"), d.hint);
    return p;
  }));
}

/* ---- modes ---- */

const modes = ["interpreted", "native", "auto"];

// modeSwitch is a group of radio buttons, for one module or, without a name, for all.
function modeSwitch(module, label) {
  const group = el("fieldset", "mode", el("legend", "unseen", `How ${label} runs`));
  for (const mode of modes) {
    const input = el("input");
    Object.assign(input, { type: "radio", name: "mode:" + module, value: mode });
    input.onchange = () => module ? ask(module, mode) : view.status.modules.forEach((m) => ask(m.name, mode));
    const label = el("span", "", mode);
    label.dataset.mode = mode; // keeps the width of bold letters free
    group.append(el("label", "", input, label));
  }
  return group;
}

function check(group, mode) {
  for (const input of group.querySelectorAll("input")) {
    if (input.checked !== (input.value === mode)) input.checked = input.value === mode;
  }
}

// modeOf is what a module is asked to run in. A choice made here counts until a status can know of it.
function modeOf(m) {
  const asked = view.asked.get(m.name);
  if (!asked) return m.mode;
  if (asked.mode === m.mode || asked.until < performance.now()) {
    view.asked.delete(m.name);
    return m.mode;
  }
  return asked.mode;
}

async function ask(module, mode) {
  view.asked.set(module, { mode, until: performance.now() + 1000 });
  showModules(view.status);
  try {
    const answer = await fetch(`/api/modules/${module.split("/").map(encodeURIComponent).join("/")}/mode`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ mode }) });
    if (!answer.ok) throw new Error((await answer.json()).error);
  } catch (e) {
    view.asked.delete(module);
    toast("switch-failed", `${module} is not asked to run ${mode}`, "", String(e.message));
  }
}

function restart(e, animation) { e.classList.remove(animation); void e.offsetWidth; e.classList.add(animation); }

/* ---- what happened ---- */

function showEntries({ entries, generation }) {
  const newest = entries.length ? entries[entries.length - 1].id : 0;
  if (view.seen !== null && newest < view.seen) view.seen = 0; // the arena was started again
  if (view.seen !== null) {
    for (const e of entries.filter((e) => e.id > view.seen)) announce(e);
  }
  if (view.seen === newest) return;
  view.seen = newest;
  if (!entries.length) return;
  $("entries").replaceChildren(...entries.toReversed().map((e) => {
    const li = el("li", e.kind, el("time", "", new Date(e.time).toLocaleTimeString("en-GB")), el("b", "", title(e)));
    li.append(el("small", "", detail(e)));
    return li;
  }));
}

function title(e) {
  switch (e.kind) {
    case "live": return `${e.module} v${e.version} ${e.same_source ? e.mode : "live"}`;
    case "not-native": return `${e.module} stays interpreted`;
    case "switch-failed": return `${e.module} cannot run ${e.mode}`;
    case "refused": return `${e.module} does not go live`;
    case "fixed": return `${e.module} is fixed`;
    case "removed": return `${e.module} was removed`;
    case "panic": return `${e.module} v${e.version} panics`;
    default: return e.module || e.kind;
  }
}

function detail(e) {
  if (e.kind === "live" && e.same_source) return `the same source, ${seconds(e.after)} after it was asked for`;
  if (e.kind === "live") return `${fixed(e.save_to_live)} ms after save: ${fixed(e.settle)} quiet, ${fixed(e.work, 1)} work, ${fixed(e.wait)} to the safe point${e.build ? `, ${fixed(e.build)} native build` : ""}`;
  if (e.kind === "no-op") return e.message;
  if (e.kind === "fixed") return `the files are again what runs as v${e.serving}`;
  if (e.diagnostics.length) return `${place(e.diagnostics[0])} ${e.diagnostics[0].message.replace(/\s*\n\s*/g, "; ")}`;
  return e.message;
}

const place = (d) => [d.file, d.line || "", d.column || ""].filter((x) => x !== "").join(":");

function announce(e) {
  if (e.kind === "live") view.waiting.push(e);
  if (!["live", "fixed", "removed", "not-native", "switch-failed"].includes(e.kind)) return;
  if (e.kind !== "live") toast(e.kind, title(e), "", detail(e));
  else if (e.same_source) toast("live", title(e), `, after ${seconds(e.after)}`, "the same source");
  else toast("live", title(e), `, ${fixed(e.save_to_live)} ms after save`,
    `${fixed(e.settle)} ms quiet, ${fixed(e.work, 1)} ms work, ${fixed(e.wait)} ms to the safe point`);
}

function toast(kind, head, rest, detail) {
  const e = el("p", "toast " + kind, el("b", "", head), rest, el("small", "", detail));
  const list = $("toasts");
  list.append(e);
  while (list.childElementCount > 4) list.firstChild.remove();
  setTimeout(() => e.classList.add("leaving"), 5200);
  setTimeout(() => e.remove(), 5600);
}

/* ---- the error card ---- */

function showFault({ modules, room }) {
  const broken = modules.filter((m) => m.diagnostics.length);
  const items = broken.flatMap((m) => m.diagnostics.map((d) => ({ ...d, module: m })));
  const faults = room.faults.filter((f) => !broken.some((m) => m.name === f.module && !m.version));
  for (const f of faults) items.push({ ...f, hint: `${f.count.toLocaleString("en")} visits failed one after another` });
  const key = JSON.stringify([broken.map((m) => [m.name, m.diagnostics]), faults.map((f) => [f.module, f.version, f.message])]);
  if (!items.length) view.hidden = "";
  $("fault").hidden = !items.length || key === view.hidden;
  if (!items.length) return;
  $("fault").dataset.key = key;
  $("fault-title").textContent = broken.length
    ? `${broken.map((m) => m.name).join(", ")} ${broken.length > 1 ? "do" : "does"} not go live`
    : faults.map((f) => `${f.module} v${f.version} panics`).join(", ");
  $("fault-list").replaceChildren(...items.map((d) => {
    const li = el("li", "", el("span", "where", place(d)), el("span", "message", d.message));
    if (d.hint) li.append(el("span", "hint", d.hint));
    return li;
  }));
  const serving = broken.map((m) => m.version ? `version ${m.version} of ${m.name} still runs` : `no version of ${m.name} runs until it is fixed`);
  if (faults.length) serving.push("the world goes on with what it was told last");
  $("fault-serving").textContent = sentence(serving.join("; "));
}

const sentence = (s) => s ? s[0].toUpperCase() + s.slice(1) + "." : "";

function hideFault() { view.hidden = $("fault").dataset.key ?? ""; $("fault").hidden = true; }

/* ---- painting ---- */

const flashFor = 1100; // ms

function paint(now) {
  requestAnimationFrame(paint);
  const f = view.frame;
  if (!f || !view.status) return;
  view.frame = null;
  const canvas = $("world");
  const [w, h] = fit(canvas);
  const c = canvas.getContext("2d", { alpha: false });
  const p = view.status.palette, paints = colours();
  ignite(f.getUint32(8, true), now);

  const key = w + paints.background;
  const trail = calm.matches ? 0 : p.trail;
  c.globalAlpha = paint.key === key ? 1 - trail : 1;
  paint.key = key;
  c.fillStyle = paints.background ?? "#10141f";
  c.fillRect(0, 0, w, h);
  c.globalAlpha = 1;
  const scale = w / view.status.width;
  c.setTransform(scale, 0, 0, scale, 0, 0);
  lines(c, paints);
  const n = f.getUint16(2, true);
  for (let i = 0, at = 12; i < n; i++, at += 6) {
    entity(c, f.getUint16(at, true) / 50, f.getUint16(at + 2, true) / 50, f.getUint8(at + 4) / 256 * 2 * Math.PI, f.getUint8(at + 5), p, paints, now);
  }
  c.setTransform(1, 0, 0, 1, 0, 0);
}

// ignite begins the flashes of what the room's frames now run.
function ignite(generation, now) {
  view.waiting = view.waiting.filter((e) => {
    if (e.generation > generation) return true;
    if (!e.same_source) view.flash.set(["boids", "hunter"].includes(e.module) ? e.module : "all", now);
    view.marks.push(now);
    return false;
  });
}

function lines(c, paints) {
  c.strokeStyle = paints.lines;
  c.lineWidth = 1;
  c.beginPath();
  const { width, height } = view.status;
  for (let x = 120; x < width; x += 120) { c.moveTo(x, 0); c.lineTo(x, height); }
  for (let y = 120; y < height; y += 120) { c.moveTo(0, y); c.lineTo(width, y); }
  c.stroke();
}

function entity(c, x, y, turn, bits, p, paints, now) {
  const hunter = bits & 0x80, resting = bits & 0x40;
  const size = hunter ? p.hunter_size : p.boid_size;
  const begun = Math.max(view.flash.get(hunter ? "hunter" : "boids") ?? -1e9, view.flash.get("all") ?? -1e9);
  const heat = Math.max(0, 1 - (now - begun) / flashFor);
  const cos = Math.cos(turn) * size, sin = Math.sin(turn) * size;
  c.beginPath();
  c.moveTo(x + cos, y + sin);
  c.lineTo(x - 0.7 * cos - 0.55 * sin, y - 0.7 * sin + 0.55 * cos);
  c.lineTo(x - 0.35 * cos, y - 0.35 * sin);
  c.lineTo(x - 0.7 * cos + 0.55 * sin, y - 0.7 * sin - 0.55 * cos);
  c.closePath();
  c.globalAlpha = resting ? 0.45 : 1;
  c.fillStyle = paints.teams?.[bits & 0x3f] ?? "#888";
  c.fill();
  if (hunter) { c.strokeStyle = paints.hunter; c.lineWidth = 2; c.stroke(); }
  if (heat > 0) {
    c.globalAlpha = heat;
    c.fillStyle = paints.flash;
    c.fill();
    if (!calm.matches) {
      c.globalAlpha = heat * 0.35;
      c.strokeStyle = paints.flash;
      c.lineWidth = 1;
      c.beginPath();
      c.arc(x, y, size * (1 + 2.2 * (1 - heat)), 0, 7);
      c.stroke();
    }
  }
  c.globalAlpha = 1;
}

/* ---- go ---- */

$("legend").append(...stages.map(([name]) => {
  const i = el("i");
  i.style.background = `var(--${name})`;
  return el("span", "", i, { settle: "quiet", read: "read", check: "check", build: "build", prepare: "load", bind: "bind" }[name]);
}));
$("fault-close").onclick = hideFault;
addEventListener("keydown", (e) => { if (e.key === "Escape") hideFault(); });
connect();
requestAnimationFrame(paint);
