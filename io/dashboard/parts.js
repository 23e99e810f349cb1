// ---- charts: what came in above the line, what went out below, on one scale ---------------------
class Chart {
  constructor(place, title, format) {
    this.format = format;
    this.svg = draw('svg',
      {viewBox: `0 0 ${WINDOW_S} 100`, preserveAspectRatio: 'none', role: 'img'});
    this.svg.append(this.axis = draw('line', {x1: 0, x2: WINDOW_S}),
      this.rule = draw('line', {class: 'rule', y1: 0, y2: 100, visibility: 'hidden'}));
    const sides = ['received', 'sent'].map(side => {
      const area = draw('path', {class: 'area ' + side}), edge = draw('path', {class: side});
      this.svg.append(area, edge);
      const value = make('dd', '', '–');
      return {area, edge, value};
    });
    this.sides = sides;
    this.reading = make('output');
    this.reading.hidden = true;
    this.plot = make('div', 'plot', this.svg, this.reading);
    place.append(
      make('div', 'head', make('h2', '', title), make('dl', 'flow',
        make('div', 'received', make('dt', '', 'in'), sides[0].value),
        make('div', 'sent', make('dt', '', 'out'), sides[1].value))),
      this.plot,
      make('p', 'span', this.begin = make('span'), this.most = make('span'),
        make('span', '', 'now')));
    this.plot.addEventListener('pointermove', event => this.read(event));
    this.plot.addEventListener('pointerleave', () => this.read(null));
    this.points = [];
  }
  // points: [{time (s), pair: [in, out]}], oldest first
  show(points) {
    this.points = points;
    const last = points.at(-1);
    // A young history is spread out; the picture shrinks until it holds the whole window.
    const age = last ? last.time - points[0].time : 0;
    this.length = Math.min(WINDOW_S, Math.max(30, age));
    say(this.begin, lasting(Math.round(this.length / 10) * 10) + ' ago');
    const peaks = [0, 1].map(side => Math.max(0, ...points.map(point => point.pair[side])));
    say(this.most, peaks[0] + peaks[1]
      ? `most ${this.format(peaks[0])}/s in, ${this.format(peaks[1])}/s out` : '');
    const all = peaks[0] + peaks[1] || 1;
    this.base = 100 * Math.min(.8, Math.max(.2, peaks[0] / all));
    const scale = .94 * Math.min(this.base / (peaks[0] || 1e-9),
      (100 - this.base) / (peaks[1] || 1e-9));
    this.axis.setAttribute('y1', this.base);
    this.axis.setAttribute('y2', this.base);
    this.sides.forEach((side, index) => {
      const up = index ? 1 : -1;
      const line = points.map(point => this.across(point).toFixed(2) + ' ' +
        (this.base + up * point.pair[index] * scale).toFixed(2)).join('L');
      const first = last ? this.across(points[0]) : 0;
      side.edge.setAttribute('d', line && 'M' + line);
      side.area.setAttribute('d', line &&
        `M${first.toFixed(2)} ${this.base}L${line}L${WINDOW_S} ${this.base}Z`);
      if (last) side.value.replaceChildren(this.format(last.pair[index]), make('small', '', '/s'));
    });
    if (last) this.svg.setAttribute('aria-label', `Lately: now ` +
      `${this.format(last.pair[0])} per second in, ${this.format(last.pair[1])} out`);
  }
  across(point) {
    return WINDOW_S * (1 - (this.points.at(-1).time - point.time) / this.length);
  }
  read(event) {
    const box = this.plot.getBoundingClientRect();
    const last = this.points.at(-1);
    this.reading.hidden = !event || !last;
    this.rule.setAttribute('visibility', event && last ? 'visible' : 'hidden');
    if (!event || !last) return;
    const wanted = last.time - this.length * (1 - (event.clientX - box.left) / box.width);
    const near = this.points.reduce((best, point) =>
      Math.abs(point.time - wanted) < Math.abs(best.time - wanted) ? point : best);
    const x = this.across(near);
    this.rule.setAttribute('x1', x);
    this.rule.setAttribute('x2', x);
    say(this.reading, clock(new Date(near.time * 1000)) + '   in ' + this.format(near.pair[0]) +
      '/s   out ' + this.format(near.pair[1]) + '/s');
    const left = x / WINDOW_S * box.width + 8;
    const width = this.reading.offsetWidth;
    this.reading.style.left = (left + width > box.width ? left - width - 16 : left) + 'px';
  }
}

// ---- tables: rows keep their identity, so that selection and focus survive a refresh ------------
class Table {
  // columns: {title, looks, fill(cell, row), order(row)}; without order: not to be sorted by
  constructor(place, caption, columns, sorted) {
    this.columns = columns;
    this.sorted = sorted;
    this.falling = true;
    this.rows = new Map();
    this.body = make('tbody');
    this.heads = columns.map((column, index) => {
      const head = make('th', column.looks || '');
      head.scope = 'col';
      if (!column.order) {
        head.append(column.title);
        return head;
      }
      const button = make('button', '', column.title);
      button.type = 'button';
      button.addEventListener('click', () => this.sortBy(index));
      head.append(button);
      return head;
    });
    place.append(make('caption', 'unseen', caption),
      make('thead', '', make('tr', '', ...this.heads)), this.body);
  }
  sortBy(index) {
    this.falling = this.sorted === index ? !this.falling : !this.columns[index].rising;
    this.sorted = index;
    if (this.again) this.again();
  }
  // Shows the first `most` of them in order, and returns those.
  show(rows, most) {
    const order = this.columns[this.sorted]?.order;
    if (order) {
      const sign = this.falling ? -1 : 1;
      rows.sort((a, b) => {
        const x = order(a), y = order(b);
        return (x < y ? -1 : x > y ? 1 : 0) * sign || (a.key < b.key ? -1 : 1);
      });
    }
    this.heads.forEach((head, index) => {
      if (index !== this.sorted || !order) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.falling ? 'descending' : 'ascending');
    });
    const shown = rows.slice(0, most);
    const kept = new Map();
    shown.forEach((row, at) => {
      const line = this.rows.get(row.key) ||
        make('tr', '', ...this.columns.map(column => make('td', column.looks || '')));
      kept.set(row.key, line);
      line.className = row.looks || '';
      this.columns.forEach((column, index) => column.fill(line.cells[index], row));
      if (this.body.rows[at] !== line) this.body.insertBefore(line, this.body.rows[at] || null);
    });
    for (const [key, line] of this.rows) if (!kept.has(key)) line.remove();
    this.rows = kept;
    return shown;
  }
}
// Two lines in a cell, the second small and soft.
function twoLines(cell, first, second) {
  if (!cell.firstChild) cell.append(document.createTextNode(''), make('small'));
  if (cell.firstChild.data !== first) cell.firstChild.data = first;
  say(cell.lastChild, second);
}
function naming(cell, name, otherwise, second) {
  if (!cell.firstChild) cell.append(make('bdi'), make('small'));
  const title = name || otherwise;
  cell.firstChild.className = name ? '' : 'nameless';
  cell.firstChild.title = title;
  say(cell.firstChild, title);
  say(cell.lastChild, second);
}
function flow(cell, pair) {
  const some = pair && (pair[0] > 0 || pair[1] > 0);
  cell.classList.toggle('none', !some);
  if (some) twoLines(cell, rate(pair[0]) + '/s', bytes(pair[1]) + '/s');
  else twoLines(cell, pair ? '0' : '–', '');
}
const plenty = (amount, noun) => `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`;
function waiting(cell, row) {
  cell.classList.toggle('none', !row.pending || Boolean(row.gone));
  say(cell, row.gone ? '–' : row.pending ? bytes(row.pending) : '0');
}
const traffic = row => row.rates ? row.rates[0] + row.rates[2] : -1;
