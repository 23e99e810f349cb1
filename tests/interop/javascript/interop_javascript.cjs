// Runs one scenario of the interoperability tests with nats.js (@nats-io/transport-node).
//
// Usage: node interop_javascript.cjs SCENARIO URL [key=value]...
// It prints "ok NAME" or "FAIL NAME: why" for each check; interop_test.py knows the names that
// must appear. The contract is described in ../README.md. A CommonJS file, because NODE_PATH (the
// modules live in the tools cache, not beside this file) counts only for those.
"use strict";

const readline = require("node:readline");
const { connect, headers, createInbox, nkeyAuthenticator } = require("@nats-io/transport-node");

const patience = 10000;
let failed = false;

function expect(condition, text) {
  if (!condition) throw new Error(text);
}

async function report(name, check) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    failed = true;
    console.log(`FAIL ${name}: ${error.name}: ${error.message}`);
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function connectOptions(url, keys) {
  const options = { servers: url, name: "interop_javascript", timeout: 5000, reconnect: false };
  if (keys.user !== undefined) Object.assign(options, { user: keys.user, pass: keys.pass });
  if (keys.token !== undefined) options.token = keys.token;
  if (keys.seed !== undefined) {
    options.authenticator = nkeyAuthenticator(new TextEncoder().encode(keys.seed));
  }
  if (keys.ca !== undefined) {
    options.tls = { caFile: keys.ca };
    if (keys.cert !== undefined) {
      Object.assign(options.tls, { certFile: keys.cert, keyFile: keys.key });
    }
    if (keys.first === "1") options.tls.handshakeFirst = true;
  }
  return options;
}

// Collects messages as they come; take(n) waits until n are there.
class Collector {
  constructor(nc, subject, options) {
    this.messages = [];
    this.waiting = null;
    this.subscription = nc.subscribe(subject, {
      ...options,
      callback: (error, message) => {
        if (error) return;
        this.messages.push(message);
        if (this.waiting) this.waiting();
      },
    });
  }
  async take(count) {
    const enough = new Promise((resolve) => {
      this.waiting = () => this.messages.length >= count && resolve();
      this.waiting();
    });
    await within(enough, `${count} messages on ${this.subscription.getSubject()}`);
    return this.messages;
  }
}

async function roundTrip(nc, subject) {
  const collector = new Collector(nc, subject);
  nc.publish(subject, "there and back");
  const [message] = await collector.take(1);
  expect(message.string() === "there and back" && message.subject === subject, "wrong message");
  collector.subscription.unsubscribe();
}

async function checkConnect(nc) {
  expect(nc.info.version && nc.info.server_id, "no version or id in INFO");
  expect(nc.info.max_payload === 1048576, `max_payload ${nc.info.max_payload}`);
  expect(nc.info.headers === true, "no headers");
  expect((await nc.rtt()) >= 0, "no round trip time");
  await roundTrip(nc, "plain.subject");
}

async function checkWildcard(nc) {
  const star = new Collector(nc, "w.*.x");
  const rest = new Collector(nc, "w.>");
  for (const subject of ["w.a.x", "w.b.x", "w.b.y", "w.b.x.x", "w", "v.a.x", "w.end"]) {
    nc.publish(subject, subject);
  }
  await star.take(2);
  await rest.take(5);
  await nc.flush();
  const subjects = (collector) => collector.messages.map((message) => message.subject).join(" ");
  expect(subjects(star) === "w.a.x w.b.x", `w.*.x got ${subjects(star)}`);
  expect(subjects(rest) === "w.a.x w.b.x w.b.y w.b.x.x w.end", `w.> got ${subjects(rest)}`);
}

async function checkQueue(nc) {
  const total = 300;
  const members = [0, 1, 2].map(() => new Collector(nc, "q.work", { queue: "workers" }));
  const plain = new Collector(nc, "q.work");
  for (let number = 0; number < total; ++number) nc.publish("q.work", String(number));
  await plain.take(total);
  await nc.flush();
  const counts = members.map((member) => member.messages.length);
  const seen = new Set(members.flatMap((member) => member.messages.map((m) => m.string())));
  expect(counts.reduce((a, b) => a + b) === total, `the group got ${counts}`);
  expect(Math.min(...counts) > 0, `a member got nothing: ${counts}`);
  expect(seen.size === total, `${seen.size} distinct messages`);
}

async function checkHeaders(nc) {
  const collector = new Collector(nc, "headers");
  const block = headers();
  block.append("Colour", "red");
  block.append("Colour", "green");
  block.set("Shape", "round one");
  nc.publish("headers", "body", { headers: block });
  const [message] = await collector.take(1);
  expect(message.headers.values("Colour").join() === "red,green", `${message.headers}`);
  expect(message.headers.get("Shape") === "round one", `${message.headers}`);
  expect(message.string() === "body", message.string());
}

async function checkRequestMany(nc) {
  const total = 200;
  const counts = [0, 0, 0, 0];
  counts.forEach((_, index) => {
    nc.subscribe("service", {
      queue: "responders",
      callback: (_error, message) => {
        counts[index] += 1;
        message.respond(`re:${message.string()}`);
      },
    });
  });
  for (let number = 0; number < total; ++number) {
    const answer = await nc.request("service", String(number), { timeout: patience });
    expect(answer.string() === `re:${number}`, `request ${number} got ${answer.string()}`);
  }
  const sum = counts.reduce((a, b) => a + b);
  expect(sum === total && Math.min(...counts) > 0, `answers by responder: ${counts}`);
}

async function checkRequestScatter(nc) {
  for (let index = 0; index < 3; ++index) {
    nc.subscribe("scatter", { callback: (_error, message) => message.respond(`number ${index}`) });
  }
  const inbox = createInbox();
  const collector = new Collector(nc, inbox);
  nc.publish("scatter", "", { reply: inbox });
  const answers = new Set((await collector.take(3)).map((message) => message.string()));
  expect(answers.size === 3, `answers: ${[...answers]}`);
}

async function checkNoResponders(nc) {
  const start = Date.now();
  try {
    await nc.request("nobody.listens", "?", { timeout: patience });
  } catch (error) {
    expect(error.isNoResponders && error.isNoResponders(), `got ${error}`);
    expect(Date.now() - start < patience / 2, "it took too long");
    return;
  }
  throw new Error("the request was answered");
}

async function checkDrain(options) {
  const total = 1000;
  const nc = await connect(options);
  let handled = 0;
  nc.subscribe("drain.me", { callback: () => { handled += 1; } });
  for (let number = 0; number < total; ++number) nc.publish("drain.me", "x");
  await within(nc.drain(), "the drain");
  expect(nc.isClosed(), "the drained connection is not closed");
  expect(handled === total, `${handled} of ${total} messages handled`);
}

async function runCore(options) {
  const nc = await connect(options);
  await report("connect", () => checkConnect(nc));
  await report("wildcard", () => checkWildcard(nc));
  await report("queue", () => checkQueue(nc));
  await report("headers", () => checkHeaders(nc));
  await report("request_many", () => checkRequestMany(nc));
  await report("request_scatter", () => checkRequestScatter(nc));
  await report("no_responders", () => checkNoResponders(nc));
  await nc.close();
  await report("drain", () => checkDrain(options));
}

function nextLineOfInput() {
  const input = readline.createInterface({ input: process.stdin });
  return new Promise((resolve) => input.once("line", () => {
    input.close();
    resolve();
  }));
}

function statusSeen(nc, type) {
  return (async () => {
    for await (const status of nc.status()) {
      if (status.type === type) return;
    }
    throw new Error(`closed without status ${type}`);
  })();
}

async function checkReconnect(options) {
  const nc = await connect(
    { ...options, reconnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  const collector = new Collector(nc, "after.restart.*");
  const reconnected = statusSeen(nc, "reconnect");
  await nc.flush();
  console.log("ready");
  await nextLineOfInput();
  await within(reconnected, "the reconnect");
  nc.publish("after.restart.now", "alive");
  const [message] = await collector.take(1);
  expect(message.string() === "alive", `got ${message.string()}`);
  await nc.close();
}

async function checkLogin(options) {
  const nc = await connect(options);
  await roundTrip(nc, "ok.login");
  await nc.close();
}

async function checkRefused(options) {
  let nc;
  try {
    nc = await connect(options);
  } catch (error) {
    expect(/authorization/i.test(`${error.name} ${error.message}`), `refused, but with ${error}`);
    return;
  }
  await nc.close();
  throw new Error("the connection was accepted");
}

async function runPermissions(options) {
  const nc = await connect(options);
  const texts = [];
  let changed = () => {};
  (async () => {
    for await (const status of nc.status()) {
      if (status.type !== "error") continue;
      texts.push(String(status.error.message).toLowerCase());
      changed();
    }
  })();
  const violation = async (what, subject, act) => {
    const wanted = `permissions violation for ${what} to "${subject}"`;
    act();
    const seen = new Promise((resolve) => {
      changed = () => texts.some((text) => text.includes(wanted)) && resolve();
      changed();
    });
    await within(seen, `${wanted}, seen: ${texts}`);
  };
  await report("permission_publish", () =>
    violation("publish", "no.publish", () => nc.publish("no.publish", "x")));
  await report("permission_subscribe", () =>
    violation("subscription", "no.subscribe", () =>
      nc.subscribe("no.subscribe", { callback: () => {} })));
  await report("permission_allowed", () => roundTrip(nc, "ok.still"));
  await nc.close();
}

async function checkTls(options) {
  const nc = await connect(options);
  expect(nc.info.tls_required === true, "INFO does not ask for TLS");
  await roundTrip(nc, "ok.tls");
  await nc.close();
}

async function checkTlsRefused(options) {
  let nc;
  try {
    nc = await connect(options);
  } catch (error) {
    return;
  }
  await nc.close();
  throw new Error("the connection was accepted");
}

async function main() {
  const [scenario, url, ...rest] = process.argv.slice(2);
  const keys = {};
  for (const argument of rest) {
    const at = argument.indexOf("=");
    keys[argument.slice(0, at)] = argument.slice(at + 1);
  }
  const options = connectOptions(url, keys);
  const checks = {
    reconnect: checkReconnect, login: checkLogin, refused: checkRefused, tls: checkTls,
    tls_refused: checkTlsRefused,
  };
  if (scenario === "core") await runCore(options);
  else if (scenario === "permissions") await runPermissions(options);
  else await report(scenario, () => checks[scenario](options));
  process.exit(failed ? 1 : 0);
}

main().catch((error) => {
  console.log(`FAIL main: ${error.stack}`);
  process.exit(1);
});
