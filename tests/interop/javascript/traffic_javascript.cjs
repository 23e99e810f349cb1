// Takes part in the mixed cluster test with nats.js until standard input ends.
//
// Usage: node traffic_javascript.cjs URL,URL… name=… user=… pass=… peers=…,…
// The contract (subjects, lines printed) is described in ../README.md.
"use strict";

const { connect } = require("@nats-io/transport-node");

const interval = 10;
const askPatience = 500;

function say(text) {
  process.stdout.write(text + "\n");
}

async function ask(nc, peer, text) {
  try {
    const answer = await nc.request(`ask.${peer}`, text, { timeout: askPatience });
    say(`r ${peer}|${text}|${answer.string()}`);
  } catch (error) {
    say(`t ${peer} ${error.name}`);
  }
}

// Each to traffic.NAME, every fifth to job.NAME, every tenth as a request to a peer.
function publish(nc, state, number) {
  if (!state.isConnected || nc.isClosed()) return; // kept for later it would come out of its time
  const text = `${state.name} ${number} ${state.user}`;
  nc.publish(`traffic.${state.name}`, text);
  if (number % 5 === 0) nc.publish(`job.${state.name}`, text);
  if (number % 10 === 0) ask(nc, state.peers[(number / 10) % state.peers.length], text);
}

async function watch(nc, state) {
  for await (const status of nc.status()) {
    if (status.type === "disconnect") {
      state.isConnected = false;
      say("d");
    } else if (status.type === "reconnect") {
      state.isConnected = true;
      say(`c ${nc.info.server_name}`);
    }
  }
}

async function main() {
  const keys = Object.fromEntries(process.argv.slice(3).map((each) => {
    const at = each.indexOf("=");
    return [each.slice(0, at), each.slice(at + 1)];
  }));
  const state = { name: keys.name, user: keys.user, peers: keys.peers.split(","),
    isConnected: true };
  const nc = await connect({ servers: process.argv[2].split(","), user: keys.user,
    pass: keys.pass, name: "traffic_javascript", noRandomize: true, maxReconnectAttempts: -1,
    reconnectTimeWait: 50, reconnectJitter: 0, timeout: 2000, ignoreClusterUpdates: true });
  watch(nc, state);
  const listen = (subject, act, options) => nc.subscribe(subject, {
    ...options,
    callback: (error, message) => {
      if (!error) act(message);
    },
  });
  listen("traffic.>", (message) => say(`m ${message.subject}|${message.string()}`));
  listen("job.>", (message) => say(`j ${message.subject}|${message.string()}`),
    { queue: "crew" });
  listen(`ask.${state.name}`,
    (message) => message.respond(`${state.name} heard ${message.string()}`));
  await nc.flush();
  say(`c ${nc.info.server_name}`);
  let number = 0;
  const timer = setInterval(() => publish(nc, state, ++number), interval);
  process.stdin.once("data", async () => {
    clearInterval(timer);
    await nc.close();
    process.exit(0);
  });
  process.stdin.once("end", () => process.exit(0));
}

main();
