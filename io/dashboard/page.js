// ---- state --------------------------------------------------------------------------------------
const charts = [new Chart(byId('messages'), 'Messages', rate),
  new Chart(byId('data'), 'Data', bytes)];
const history = [];        // {time, rates}
const neighbours = new Map();  // every node ever seen by this page, by key
let connections = [], total = 0, wide = false, varz = null, born = '';
let slow = {count: 0, events: []};
let answered = null, paused = false, timer = 0;

const vitals = new Map();
for (const title of ['Connections', 'Subscriptions', 'Slow consumers', 'CPU', 'Memory', 'Uptime']) {
  const value = make('dd', '', '–'), note = make('dd', 'note');
  const tile = make('div', '', make('dt', '', title), value, note);
  byId('vitals').append(tile);
  vitals.set(title, (first, second, looks) => {
    tile.className = looks || '';
    say(value, first);
    say(note, second);
  });
}

const links = new Table(byId('links'), 'Links to other servers, as this server sees them', [
  {title: 'Node', looks: 'wide',
    fill: (cell, row) => naming(cell, row.name, row.address, row.about)},
  {title: 'In', looks: 'number', fill: (cell, row) => flow(cell, row.rates?.slice(0, 2))},
  {title: 'Out', looks: 'number', fill: (cell, row) => flow(cell, row.rates?.slice(2))},
  {title: 'Pending', looks: 'number pending small', fill: waiting},
  {title: 'Round trip', looks: 'number',
    fill: (cell, row) => say(cell, row.gone ? '–' : row.rtt)},
  {title: 'Subs', looks: 'number minor',
    fill: (cell, row) => say(cell, row.gone ? '–' : count(row.subs))},
  {title: 'Connected', looks: 'number minor', fill: (cell, row) => say(cell, row.since || '–')},
]);
const clients = new Table(byId('clients'), 'Connections of clients', [
  {title: 'Client', looks: 'wide', rising: true, order: row => row.name.toLowerCase(),
    fill: (cell, row) => naming(cell, row.name, 'connection ' + row.cid, row.about)},
  {title: 'Account', looks: 'minor', rising: true, order: row => row.account.toLowerCase(),
    fill: (cell, row) => twoLines(cell, row.account || '–', row.user)},
  {title: 'Traffic', looks: 'share minor', order: traffic, fill: (cell, row) => {
    if (!cell.firstChild) cell.append(make('div', 'bar', make('i'), make('i')));
    cell.firstChild.childNodes.forEach((part, at) => {
      part.style.width = (row.rates ? 100 * row.rates[at * 2] / row.most : 0).toFixed(1) + '%';
    });
  }},
  {title: 'In', looks: 'number', order: row => row.rates ? row.rates[0] : -1,
    fill: (cell, row) => flow(cell, row.rates?.slice(0, 2))},
  {title: 'Out', looks: 'number', order: row => row.rates ? row.rates[2] : -1,
    fill: (cell, row) => flow(cell, row.rates?.slice(2))},
  {title: 'Pending', looks: 'number pending small', order: row => row.pending, fill: waiting},
  {title: 'Round trip', looks: 'number minor', order: row => row.delay,
    fill: (cell, row) => say(cell, row.rtt)},
  {title: 'Subs', looks: 'number small', order: row => row.subs,
    fill: (cell, row) => say(cell, count(row.subs))},
  {title: 'Idle', looks: 'number minor', order: row => row.idle,
    fill: (cell, row) => say(cell, row.idle < 2 ? 'active' : lasting(row.idle))},
], 2);
const tenants = new Table(byId('tenants'), 'Accounts', [
  {title: 'Account', looks: 'wide', rising: true, order: row => row.name.toLowerCase(),
    fill: (cell, row) =>
      naming(cell, row.name, '–', row.leafs ? plenty(row.leafs, 'leaf node') : '')},
  {title: 'Connections', looks: 'number', order: row => row.conns,
    fill: (cell, row) => say(cell, count(row.conns))},
  {title: 'Subs', looks: 'number small', order: row => row.subs,
    fill: (cell, row) => say(cell, count(row.subs))},
  {title: 'In', looks: 'number', order: row => row.rates ? row.rates[0] : -1,
    fill: (cell, row) => flow(cell, row.rates?.slice(0, 2))},
  {title: 'Out', looks: 'number', order: row => row.rates ? row.rates[2] : -1,
    fill: (cell, row) => flow(cell, row.rates?.slice(2))},
  {title: 'Slow consumers', looks: 'number small', order: row => row.slow,
    fill: (cell, row) => say(cell, count(row.slow))},
], 1);

// ---- what the server said -----------------------------------------------------------------------
// Another life of the server: what is remembered of the last one holds no more.
function forgetFormerLife() {
  const life = text(varz.server_id) + text(varz.start);
  if (born === life) return;
  born = life;
  samples.clear();
  absent.clear();
  history.length = 0;
  neighbours.clear();
  slow = {count: 0, events: []};
}

function showVarz() {
  const now = sampled(varz);
  const rates = ratesOf('varz', now, new Map([['all', counters(varz)]])).get('all');
  if (rates) history.push({time: now, rates});
  while (history.length && history[0].time < now - WINDOW_S) history.shift();
  charts.forEach((chart, at) => chart.show(
    history.map(sample => ({time: sample.time, pair: [sample.rates[at], sample.rates[at + 2]]}))));

  const cluster = text(varz.cluster?.name);
  say(byId('name'), text(varz.server_name) || text(varz.server_id));
  say(byId('about'), (cluster ? 'cluster ' + cluster : 'single server') + ' · ' +
    text(varz.host) + ':' + number(varz.port));
  say(byId('hub-name'), text(varz.server_name));
  say(byId('hub-client'), 'clients on ' + number(varz.port));
  const port = number(varz.cluster?.cluster_port);
  say(byId('hub-cluster'), port ? 'servers on ' + port : '');
  const most = number(varz.max_connections);
  vitals.get('Connections')(count(number(varz.connections)),
    most > 0 ? `of ${count(most)} allowed` : 'no limit');
  vitals.get('Subscriptions')(count(number(varz.subscriptions)), 'on this server');
  const kinds = varz.slow_consumer_stats || {};
  const slowCount = number(varz.slow_consumers);
  vitals.get('Slow consumers')(count(slowCount), !slowCount ? 'since start' :
    ['clients', 'routes', 'leafs', 'gateways'].filter(kind => number(kinds[kind]))
      .map(kind => count(kinds[kind]) + ' ' + kind).join(', ') || 'since start',
    slowCount ? 'warn' : '');
  vitals.get('CPU')(number(varz.cpu).toFixed(number(varz.cpu) < 10 ? 1 : 0) + ' %',
    number(varz.cores) === 1 ? 'of one core' : '100 % is one of ' + number(varz.cores) + ' cores');
  vitals.get('Memory')(bytes(number(varz.mem)), 'resident');
  const start = new Date(varz.start);
  vitals.get('Uptime')(lasting(now - start / 1000), isNaN(start) ? '' : 'since ' +
    start.toLocaleDateString([], {day: 'numeric', month: 'short'}) + ', ' +
    clock(start).slice(0, 5));
  say(byId('version'), 'NATS ' + text(varz.version) + ' · read only · refreshed every 2 s');
}

// One row for each other server: its connections (nats-server keeps several) are added up.
function showCluster(routez, leafz) {
  const seen = new Map();
  for (const route of list(routez?.routes)) {
    const key = 'r' + text(route.remote_id);
    const sum = seen.get(key);
    const row = sum || {key, kind: 'route', name: text(route.remote_name), counters: [0, 0, 0, 0],
      pending: 0, subs: 0, delay: Infinity, ways: 0, up: 0, address: ''};
    row.address ||= text(route.ip) + ':' + number(route.port);
    row.counters = row.counters.map((value, at) => value + counters(route)[at]);
    row.pending += number(route.pending_size);
    row.subs += number(route.subscriptions);
    row.delay = Math.min(row.delay, seconds(route.rtt) || Infinity);
    row.up = Math.max(row.up, seconds(route.uptime));
    ++row.ways;
    seen.set(key, row);
  }
  for (const row of seen.values()) {
    row.about = row.address + (row.ways > 1 ? ` · ${row.ways} connections` : '');
    row.since = lasting(row.up);
  }
  const peers = seen.size;
  for (const leaf of list(leafz?.leafs)) {
    const key = 'l' + text(leaf.name) + ' ' + text(leaf.account) + ' ' + number(leaf.id);
    seen.set(key, {key, kind: 'leaf', name: text(leaf.name), counters: counters(leaf),
      pending: number(leaf.pending_bytes), subs: number(leaf.subscriptions),
      delay: seconds(leaf.rtt), address: text(leaf.ip) + ':' + number(leaf.port),
      about: (leaf.is_spoke ? 'hub' : 'leaf node') + ' · account ' + text(leaf.account)});
  }
  const now = sampled(routez || leafz || varz);
  const rates = ratesOf('links', now, new Map([...seen].map(([key, row]) => [key, row.counters])));
  for (const row of seen.values()) {
    row.rates = rates.get(row.key);
    row.rtt = roundTrip(row.delay === Infinity ? '' : row.delay + 's');
    row.looks = row.pending > number(varz.max_pending) / 2 ? 'behind' : '';
    // A leaf node that came back has another id, but it is the same node.
    for (const [key, old] of neighbours) {
      if (old.gone && old.name === row.name && old.kind === row.kind) neighbours.delete(key);
    }
    neighbours.set(row.key, row);
  }
  for (const [key, row] of neighbours) {
    if (seen.has(key)) continue;
    if (row.gone) {
      if (Date.now() - row.gone > MISSED_MS[row.kind]) neighbours.delete(key);
      continue;
    }
    Object.assign(row, {gone: new Date(), rates: null, looks: 'gone'});
    row.about = 'gone since ' + clock(row.gone);
    row.since = '–';
  }
  const rows = [...neighbours.values()].sort((a, b) => b.kind < a.kind ? -1 : b.kind > a.kind ? 1 :
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.key < b.key ? -1 : 1);
  byId('cluster').hidden = rows.length === 0;
  const leafs = seen.size - peers;
  const known = rows.filter(row => row.kind === 'route').length;
  const members = known > peers ? `${peers + 1} of ${known + 1} servers` : `${peers + 1} servers`;
  say(byId('cluster-sum'), (known ? members : '') + (known && leafs ? ', ' : '') +
    (leafs ? plenty(leafs, 'leaf node') : ''));
  wire(links.show(rows, 100));
}

// The lines from this server to each row; the wider, the more goes over it.
function wire(rows) {
  const place = byId('wires');
  const box = place.getBoundingClientRect();
  if (!box.width) return;
  const upright = box.width < 60;
  const paths = rows.map((row, at) => {
    const line = links.body.rows[at].getBoundingClientRect();
    const y = (line.top + line.height / 2 - box.top).toFixed(1);
    const flowing = row.gone ? 0 : Math.log10(1 + Math.max(0, traffic(row)));
    const width = Math.min(upright ? 3 : 9, 1.5 + flowing * (upright ? .4 : 1.3));
    const from = (box.height / 2).toFixed(1), half = (box.width / 2).toFixed(1);
    const to = (box.width - 12).toFixed(1);
    return draw('path', {class: row.gone ? 'gone' : '', 'stroke-width': width.toFixed(1),
      d: upright ? `M10 0V${(y - 10).toFixed(1)}Q10 ${y} 20 ${y}`
        : `M4 ${from}C${half} ${from} ${half} ${y} ${to} ${y}`});
  });
  place.replaceChildren(...paths);
}

function takeConnections(connz) {
  if (!connz) return;
  const open = list(connz.connections).filter(item => item.kind !== 'Leafnode');
  const rates = ratesOf('connections', sampled(connz),
    new Map(open.map(item => [number(item.cid), counters(item)])));
  const leafs = list(connz.connections).length - open.length;
  total = Math.max(number(connz.total) - leafs, open.length);
  connections = open.map(item => {
    const pending = number(item.pending_bytes);
    return {key: number(item.cid), cid: number(item.cid), name: text(item.name), pending,
      about: [text(item.ip) + ':' + number(item.port), (text(item.lang) + ' ' +
        text(item.version)).trim(), item.tls_version ? 'TLS' : ''].filter(Boolean).join(' · '),
      account: text(item.account), user: text(item.authorized_user), rtt: roundTrip(item.rtt),
      delay: seconds(item.rtt), subs: number(item.subscriptions), idle: seconds(item.idle),
      rates: rates.get(number(item.cid)),
      looks: pending > number(varz.max_pending) / 2 ? 'behind' : ''};
  });
  const most = Math.max(1e-9, ...connections.map(traffic));
  for (const row of connections) row.most = most;
}
function showConnections() {
  const wanted = byId('search').value.trim().toLowerCase();
  const found = connections.filter(row => !wanted || [row.name, row.about, row.account, row.user,
    String(row.cid)].some(part => part.toLowerCase().includes(wanted)));
  clients.show(found, wide ? Infinity : ROWS);
  say(byId('connections-sum'), wanted ? `${found.length} of ${count(total)} found`
    : total > connections.length ?
      `the ${connections.length} most recently active of ${count(total)}` : `${count(total)} open`);
  const more = byId('more');
  more.hidden = found.length <= ROWS;
  say(more, wide ? 'Show fewer' : `Show all ${found.length}`);
}

function showAccounts(accstatz) {
  const accounts = list(accstatz?.account_statz);
  byId('accounts').hidden = accounts.length === 0;
  const counted = new Map(accounts.map(item => [text(item.acc), [item.received?.msgs,
    item.received?.bytes, item.sent?.msgs, item.sent?.bytes].map(number)]));
  const rates = ratesOf('accounts', accstatz ? sampled(accstatz) : 0, counted);
  tenants.show(accounts.map(item => ({key: text(item.acc), name: text(item.acc),
    conns: number(item.conns), leafs: number(item.leafnodes), subs: number(item.num_subscriptions),
    slow: number(item.slow_consumers), rates: rates.get(text(item.acc))})), 100);
}

// Plain sentences about what a person should look at; no sentence, no trouble.
function judge(health) {
  const notes = [];
  if (health && health.status !== 'ok') {
    notes.push('The health check fails: ' +
      (text(health.error) || text(health.status) || 'no reason given'));
  }
  for (const row of neighbours.values()) {
    if (row.gone) notes.push(`${row.kind === 'leaf' ? 'Leaf link' : 'Link'} to ` +
      `${row.name || row.address} is down since ${clock(row.gone)}.`);
    else if (row.looks) {
      notes.push(`The link to ${row.name} is behind: ${bytes(row.pending)} wait.`);
    }
  }
  for (const row of connections) {
    if (row.looks) notes.push(`${row.name || 'Connection ' + row.cid} is behind: ` +
      `${bytes(row.pending)} of ${bytes(varz.max_pending)} wait for it.`);
  }
  const recent = slow.events.filter(event => event.time > sampled(varz) - 600);
  for (const event of recent.slice(0, 3)) {
    notes.push(`${event.name} was disconnected at ${clock(new Date(event.time * 1000))}: slow ` +
      `consumer, ${event.reason}.`);
  }
  if (varz.max_connections > 0 && varz.connections >= .9 * varz.max_connections) {
    notes.push(`${count(varz.connections)} of ${count(varz.max_connections)} allowed connections ` +
      'are in use.');
  }
  const shown = notes.length > 8 ? [...notes.slice(0, 7), `${notes.length - 7} more.`] : notes;
  const place = byId('notes');
  shown.forEach((note, at) => say(place.children[at] || place.appendChild(make('li')), note));
  while (place.children.length > shown.length) place.lastChild.remove();
  place.parentNode.hidden = shown.length === 0;
  if (!paused) state(shown.length ? 'warn' : 'good', shown.length ? 'Needs attention' : 'Healthy');
  document.title = `${text(varz.server_name)} · ` +
    (history.length ? rate(history.at(-1).rates[0]) + ' msg/s' : 'Rubus');
}
function state(looks, words) {
  byId('pill').className = 'pill ' + looks;
  say(byId('pill'), words);
}
function showSilence() {
  absent.clear();  // whoever answers next may have them
  const name = varz ? text(varz.server_name) : 'The server';
  const place = byId('silence');
  if (place.hidden) {
    place.replaceChildren(make('strong', '', name + ' does not answer.'), make('span', '',
      answered ? `What you see below is from ${clock(answered)}, its last answer. ` : '',
      'Trying again every 2 seconds.'));
    place.hidden = false;
  }
  byId('main').classList.add('stale');
  state('bad', 'Not answering');
  document.title = 'Not answering · ' + name;
}

// ---- asking -------------------------------------------------------------------------------------
// What a server may lack for as long as it lives; the rest is asked for again whatever it said.
const DISPENSABLE = ['routez', 'leafz', 'accstatz'];
const absent = new Set();  // those that this server does not have
async function ask(path) {
  if (absent.has(path)) return null;
  const stop = new AbortController();
  const alarm = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(path, {cache: 'no-store', signal: stop.signal});
    if (answer.status === 404) {
      if (DISPENSABLE.includes(path)) absent.add(path);
      return null;
    }
    if (!answer.ok && !path.startsWith('healthz')) throw new Error(path + ': ' + answer.status);
    return await answer.json();
  } finally {
    clearTimeout(alarm);
  }
}
// Who was slow is in the list of closed connections; asked for only when the count has grown.
async function askSlow() {
  const now = number(varz.slow_consumers);
  if (now === slow.count) return;
  slow.count = now;
  const closed = await ask('connz?state=closed&sort=stop&auth=1&limit=64');
  slow.events = list(closed?.connections)
    .filter(item => text(item.reason).startsWith('Slow Consumer'))
    .map(item => ({name: text(item.name) || 'Connection ' + number(item.cid),
      time: Date.parse(item.stop) / 1000, reason: /Pending/.test(item.reason)
        ? 'too much was waiting for it' : 'it did not read in time'}));
}
async function refresh() {
  const [general, open, health] = await Promise.all([ask('varz'),
    ask(`connz?auth=1&sort=last&limit=${ASKED_CONNECTIONS}`), ask('healthz')]);
  if (!general) throw new Error('no varz');
  varz = general;
  forgetFormerLife();
  const nodes = neighbours.size > 0;
  const [routez, leafz, accstatz] = await Promise.all([
    nodes || varz.routes ? ask('routez') : null,
    nodes || varz.leafnodes ? ask('leafz') : null, ask('accstatz'), askSlow()]);
  byId('main').hidden = false;
  byId('main').classList.remove('stale');
  byId('silence').hidden = true;
  answered = new Date();
  say(byId('updated'), clock(answered));
  showVarz();
  takeConnections(open);
  showConnections();
  showCluster(routez, leafz);
  showAccounts(accstatz);
  judge(health);
}
async function turn() {
  clearTimeout(timer);
  const begun = Date.now();
  try {
    await refresh();
  } catch (problem) {
    console.warn(problem);
    showSilence();
  }
  clearTimeout(timer);
  const pause = history.length ? PERIOD_MS : PERIOD_MS / 2;  // the first rates are eagerly awaited
  if (paused || document.hidden) return;
  timer = setTimeout(turn, Math.max(200, begun + pause - Date.now()));
}
byId('pause').addEventListener('click', event => {
  paused = !paused;
  event.target.setAttribute('aria-pressed', paused);
  say(event.target, paused ? 'Resume' : 'Pause');
  clearTimeout(timer);
  if (paused) state('', 'Paused');
  else turn();
});
byId('search').addEventListener('input', showConnections);
byId('more').addEventListener('click', () => { wide = !wide; showConnections(); });
clients.again = showConnections;
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else if (!paused) turn();
});
addEventListener('resize', () => wire([...links.rows.keys()].map(key => neighbours.get(key))));
turn();
