'use strict';
// Everything that comes from the server is text, never markup: it enters the page through
// textContent alone. Names of servers, clients and accounts are chosen by strangers.
const PERIOD_MS = 2000, PATIENCE_MS = 5000, WINDOW_S = 180, ASKED_CONNECTIONS = 200, ROWS = 12;
// How long a node that left is missed; leaf nodes may come and go as they like.
const MISSED_MS = {route: 3600000, leaf: 600000};
const byId = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

// ---- text ---------------------------------------------------------------------------------------
const number = value => Number.isFinite(value) ? value : 0;
const text = value => typeof value === 'string' ? value : '';
const list = value => Array.isArray(value) ? value : [];

function scaled(value, units, step) {
  let at = 0;
  while (value >= step * (at ? .9995 : 1) && at < units.length - 1) { value /= step; ++at; }
  const digits = value >= 99.95 || (at === 0 && Number.isInteger(value)) ? 0 : 1;
  return value.toFixed(digits) + units[at];
}
const count = value => value < 1e5 ? Math.round(value).toLocaleString('en-US')
  : scaled(value, ['', ' k', ' M', ' G', ' T'], 1000);
const rate = value => value > 0 && value < 10 ? value.toFixed(1) : count(value);
const bytes = value => scaled(Math.round(value), [' B', ' KiB', ' MiB', ' GiB', ' TiB'], 1024);
const clock = when => when.toLocaleTimeString([], {hourCycle: 'h23'});

function lasting(seconds) {
  const parts = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let left = Math.max(0, Math.floor(seconds));
  let said = '';
  for (let at = 0, used = 0; at < parts.length && used < 2; ++at) {
    const [unit, size] = parts[at];
    const whole = Math.floor(left / size);
    left -= whole * size;
    if (whole) said += (used ? ' ' : '') + whole + ' ' + unit;
    if (whole || used) ++used;
  }
  return said || '0 s';
}
// "1m2.5s", "310µs": Go's way to write a duration, in seconds.
function seconds(written) {
  const sizes = {ns: 1e-9, 'µs': 1e-6, 'μs': 1e-6, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600,
    d: 86400, y: 31536000};
  let sum = 0;
  for (const [, size, unit] of text(written).matchAll(/([\d.]+)(ns|µs|μs|us|ms|s|m|h|d|y)/g)) {
    sum += Number(size) * sizes[unit];
  }
  return sum;
}
function roundTrip(written) {
  const value = seconds(written);
  if (!value) return '–';
  return value < 1e-3 ? Math.round(value * 1e6) + ' µs'
    : value < 1 ? (value * 1e3).toFixed(value < .01 ? 1 : 0) + ' ms' : value.toFixed(1) + ' s';
}

// ---- elements -----------------------------------------------------------------------------------
function make(tag, looks, ...inside) {
  const node = document.createElement(tag);
  if (looks) node.className = looks;
  node.append(...inside);
  return node;
}
function say(node, words) { if (node.textContent !== words) node.textContent = words; }
function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// ---- rates: counters of two successive samples over the server's own time between them ----------
const samples = new Map();
// counters: {key: [numbers]}; gives {key: [per second]}, null for what is new.
function ratesOf(kind, now, counters) {
  const before = samples.get(kind);
  samples.set(kind, {now, counters});
  const rates = new Map();
  const passed = before ? now - before.now : 0;
  for (const [key, values] of counters) {
    const old = before && before.counters.get(key);
    rates.set(key, old && passed > 0
      ? values.map((value, at) => Math.max(0, value - old[at]) / passed) : null);
  }
  return rates;
}
const sampled = document => Date.parse(document.now) / 1000 || Date.now() / 1000;
const counters = item => [item.in_msgs, item.in_bytes, item.out_msgs, item.out_bytes].map(number);
