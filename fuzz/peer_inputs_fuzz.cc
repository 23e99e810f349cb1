// Hostile routes and leaf nodes beside clients: a story of connections of all kinds told to a
// clustered shard, twice. Laws: those of ShardStory at every step (above all: nothing a peer says
// aborts the server), the same digests and outputs both times, and nothing left at the end.
//
// Input: one byte of options, one of seed, then deeds of one byte and its arguments.
#include <array>
#include <string>
#include <string_view>

#include "fuzz/byte_source.h"
#include "fuzz/shard_story.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

constexpr std::size_t deeds_max = 300;

constexpr std::array<std::string_view, 44> phrases = {
    "CONNECT "
    "{\"verbose\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}\r\nPING\r\n",
    "CONNECT {\"verbose\":false,\"user\":\"a\",\"pass\":\"a\"}\r\n",
    "CONNECT {\"verbose\":false,\"user\":\"b\",\"pass\":\"b\",\"headers\":true}\r\n",
    "CONNECT {\"verbose\":false,\"user\":\"s\",\"pass\":\"s\"}\r\n",
    "SUB a.b 1\r\nSUB a.* q 2\r\n",
    "SUB > 3\r\n",
    "UNSUB 1\r\nUNSUB 2 1\r\n",
    "PUB a.b inbox 2\r\nhi\r\n",
    "PUB svc inbox 2\r\nhi\r\n",
    "SUB inbox 4\r\nSUB svc 5\r\nSUB feed.> 6\r\nSUB from.a.> g 7\r\n",
    "PUB feed.x 1\r\n.\r\n",
    "PUB map.me 1\r\n.\r\n",
    "PUB $SYS.REQ.SERVER.PING inbox 2\r\n{}\r\n",
    "PUB $SYS.REQ.SERVER.PING.CONNZ inbox 2\r\n{}\r\n",
    "PUB $SYS.REQ.USER.INFO inbox 0\r\n\r\n",
    "PUB $SYS.REQ.SERVER.NOWN.KICK inbox 9\r\n{\"cid\":1}\r\n",
    "CONNECT {\"name\":\"NB\",\"cluster\":\"CL\",\"lnoc\":true}\r\n",
    "CONNECT {\"name\":\"NC\",\"cluster\":\"CL\",\"user\":\"r\",\"pass\":\"r\"}\r\n",
    "CONNECT {\"name\":\"NB\",\"cluster\":\"XX\",\"cluster_dynamic\":true}\r\n",
    "INFO "
    "{\"server_id\":\"NB\",\"server_name\":\"b\",\"proto\":3,\"cluster\":\"CL\",\"headers\":true,"
    "\"lnoc\":true,\"lnocu\":true,\"host\":\"h\",\"port\":1,\"connect_urls\":[\"u:1\"]}\r\n",
    "INFO "
    "{\"server_id\":\"NC\",\"server_name\":\"c\",\"proto\":2,\"cluster\":\"CL\",\"rubus\":\"1\","
    "\"headers\":true,\"host\":\"h\",\"port\":2}\r\n",
    "INFO {\"server_id\":\"NOWN\",\"server_name\":\"own\",\"proto\":3,\"cluster\":\"CL\"}\r\n",
    "INFO "
    "{\"server_id\":\"ND\",\"server_name\":\"b\",\"proto\":3,\"cluster\":\"CL\",\"host\":\"k\","
    "\"port\":3,\"ip\":\"nats-route://k:3/\"}\r\n",
    "INFO {\"server_id\":\"NE\",\"server_name\":\"e\",\"proto\":3,\"cluster\":\"YY\","
    "\"cluster_dynamic\":true}\r\n",
    "INFO {\"server_id\":\"NB\",\"proto\":3,\"route_account\":\"$SYS\",\"cluster\":\"CL\"}\r\n",
    "INFO {\"server_id\":\"NB\",\"ldm\":true,\"connect_urls\":[]}\r\n",
    "RS+ $G a.b\r\nRS+ $G a.* q 3\r\nRS+ A svc\r\nRS+ B > q 1\r\n",
    "RS- $G a.b\r\nRS- $G a.* q\r\nRS- A nothing\r\n",
    "RS+ $G a.* q 0\r\nRS+ $G a.* q 4294967295\r\nRS+ $SYS $SYS.>\r\n",
    "LS+ leafy $G a.b\r\nLS+ leafy $G a.> q 2\r\n",
    "LS- leafy $G a.b\r\nLS- leafy $G a.> q\r\n",
    "RMSG $G a.b 2\r\nhi\r\n",
    "RMSG $G a.b | q other 2\r\nhi\r\nRMSG $G a.b + inbox q 2\r\nhi\r\n",
    "RMSG A svc inbox 2\r\nhi\r\nRMSG B svc inbox 2\r\nhi\r\nRMSG A feed.x 1\r\n.\r\n",
    "HMSG $G a.b inbox 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
    "LMSG leafy $G a.b 0 2\r\nhi\r\n",
    "INFO "
    "{\"server_id\":\"NH\",\"server_name\":\"hub\",\"client_id\":5,\"leafnode_urls\":[\"h:1\"],"
    "\"info_on_connect\":true,\"cluster\":\"HC\",\"headers\":true}\r\n",
    "INFO "
    "{\"server_id\":\"NH\",\"client_id\":5,\"connect_info\":true,\"remote_account\":\"$G\"}\r\n",
    "CONNECT {\"server_id\":\"NL\",\"name\":\"l\",\"cluster\":\"leafy\",\"headers\":true}\r\n",
    "CONNECT "
    "{\"server_id\":\"NL\",\"name\":\"l\",\"cluster\":\"leafy\",\"user\":\"a\",\"pass\":\"a\","
    "\"deny_pub\":[\"x\"]}\r\n",
    "LS+ a.b\r\nLS+ a.> q 2\r\nLS+ $LDS.token\r\n",
    "LS- a.b\r\nLS- a.> q\r\n",
    "LMSG a.b 2\r\nhi\r\nLMSG a.b | q 2\r\nhi\r\nLMSG svc inbox 1\r\n.\r\n",
    "PING\r\nPONG\r\n+OK\r\n-ERR 'Stale Connection'\r\n",
};

User user_of(std::string_view name, std::string_view account) {
  User user;
  user.name = name;
  user.password = name;
  user.account = account;
  return user;
}

// A exports a service and a stream to B; $G maps a subject.
void add_accounts(Options& options) {
  AccountOptions a;
  a.name = "A";
  a.service_exports.emplace_back().subject = "svc";
  a.stream_exports.emplace_back().subject = "feed.>";
  AccountOptions b;
  b.name = "B";
  ServiceImport& service = b.service_imports.emplace_back();
  service.account = "A";
  service.subject = "svc";
  service.share = true;
  StreamImport& stream = b.stream_imports.emplace_back();
  stream.account = "A";
  stream.subject = "feed.>";
  stream.to = "from.a.>";
  AccountOptions global;
  global.name = "$G";
  MappingOptions& mapping = global.mappings.emplace_back();
  mapping.source = "map.*";
  mapping.destinations.emplace_back().subject = "a.$1";
  options.accounts = {global, a, b};
}

Options options_of(std::uint8_t flags) {
  Options options;
  options.identity.server_id = "NOWN";
  options.identity.server_name = "own";
  options.identity.version = "0.0.0";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  options.identity.node_hash = "abcdefgh";
  options.identity.connect_urls = {"127.0.0.1:4222"};
  options.cluster.enabled = true;
  options.cluster.name = "CL";
  options.cluster.is_name_dynamic = (flags & 1U) != 0;
  options.cluster.host = "127.0.0.1";
  options.cluster.port = 6222;
  options.cluster.routes.emplace_back();
  options.cluster.routes[0].host = "h";
  options.cluster.routes[0].port = 1;
  if ((flags & 2U) != 0) {
    options.cluster.username = "r";
    options.cluster.password = (flags & 4U) != 0 ? "$2a$10$x" : "r";
  }
  options.leaf.enabled = true;
  options.leaf.host = "127.0.0.1";
  options.leaf.port = 7422;
  options.leaf.remotes.emplace_back().urls.emplace_back();
  options.leaf.remotes[0].urls[0].host = "hub";
  options.leaf.remotes[0].urls[0].port = 2;
  options.leaf.remotes[0].deny_exports = {"a.secret"};
  add_accounts(options);
  if ((flags & 8U) != 0) {
    options.authorization.users = {user_of("a", "A"), user_of("b", "B"), user_of("s", "$SYS")};
  }
  if ((flags & 16U) != 0) {
    options.cluster.export_filter = SubjectFilter{{}, {"a.b"}};
    options.cluster.import_filter = SubjectFilter{{"a.>"}, {}};
  }
  if ((flags & 32U) != 0) {
    options.accounts[2].service_imports.clear();
    options.accounts[2].stream_imports.clear();
    options.accounts[0].limits.subscriptions_max = 2;
  }
  options.limits.max_pending = (flags & 64U) != 0 ? 2000 : options.limits.max_pending;
  options.headers = (flags & 128U) == 0;
  return options;
}

void let_time_pass(ShardStory& story, std::uint8_t choice) {
  constexpr std::array<Duration, 6> lengths = {milliseconds(1), milliseconds(60), seconds(1),
                                               seconds(31),     seconds(130),     seconds(700)};
  if (choice % 8 >= lengths.size()) {
    story.advance_to_wake();
  } else {
    story.advance(lengths[choice % 8]);
  }
  story.step();
}

void request_end(ShardStory& story, std::uint8_t choice) {
  if (choice == 'L') {
    story.request_lame_duck();
  } else if (choice == 'S') {
    story.request_shutdown();
  }
}

void ask(ShardStory& story, std::uint8_t choice) {
  constexpr std::array<std::string_view, 10> paths = {
      "/varz",     "/connz",    "/routez",  "/leafz",   "/subsz",
      "/accountz", "/accstatz", "/healthz", "/metrics", "/nope"};
  story.ask_monitor(paths[choice % paths.size()], (choice & 0x80U) != 0 ? "subs=detail" : "");
}

// One deed; the numbers are the format of the corpus and stay as they are.
void do_one_deed(ShardStory& story, ByteSource& source) {
  const std::uint8_t deed = source.byte() % 16;
  const std::size_t slot = source.below(ShardStory::slots);
  switch (deed) {
    case 0:
      return story.open(slot, false);
    case 1:
      return story.open_peer(slot, ConnectionKind::route, {});
    case 2:
      return story.open_peer(slot, ConnectionKind::leaf, {});
    case 3:
    case 4:
    case 5:
      return story.receive(slot, source.pick(phrases));
    case 6:
      return story.receive(slot, std::string(source.text_until('\n')).append("\r\n"));
    case 7:
      return let_time_pass(story, source.byte());
    case 8:
      return story.hang_up(slot, CloseCause::peer_closed);
    case 9:
      return story.answer_resolve(slot % 3);
    case 10:
      return story.answer_dial(slot, source.flag());
    case 11:
      return story.finish_job(source.byte());
    case 12:
      return ask(story, source.byte());
    case 13:
      return story.reload(options_of(source.byte()));
    case 14:
      story.sample_process();
      return request_end(story, source.byte());
    default:
      story.step();
      return story.acknowledge_all();
  }
}

std::uint64_t tell(std::string_view input) {
  ByteSource source(input);
  const Options options = options_of(source.byte());
  ShardStory story(options, source.byte());
  story.trust_frames();
  for (std::size_t deeds = 0; deeds < deeds_max && !source.is_empty(); ++deeds) {
    do_one_deed(story, source);
  }
  story.finish();
  return story.trace();
}

}  // namespace

void run_target(std::string_view input) {
  const std::uint64_t first = tell(input);
  const std::uint64_t second = tell(input);
  law(first == second, "the same story has the same digests and outputs");
}

}  // namespace rubus::fuzz
