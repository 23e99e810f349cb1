// leafnodes {}: the port where leaf nodes are accepted, and the remotes this server is a leaf of.
//
// Refused by name is what the engine cannot do: credentials and nkeys of remotes, WebSocket, HTTP
// proxies, isolation asked for by a remote. A remote that is disabled is checked and left out.
#include <array>
#include <charconv>

#include "engine/auth/nkey.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::uint16_t standard_port = 7422;

struct LeafReading {
  ConfigReading& reading;
  LeafOptions& leaf;
};

ListenAddress& listener(LeafReading& block) {
  std::optional<ListenAddress>& address = block.reading.config.leaf_listen;
  if (!address) {
    address = ListenAddress{"", 0};
  }
  return *address;
}

void refuse_if_true(const Field& field) {
  if (field.boolean().value_or(false)) {
    field.refuse();
  }
}

// ---- authorization ------------------------------------------------------------------------------

struct LeafLogin {
  LeafUser single;
  std::vector<LeafUser> users;
  std::optional<Duration> timeout;
};

constexpr Directive<LeafUser> leaf_user_table[] = {
    {"user username", [](LeafUser& user, const Field& field) { field.into(user.username); }},
    {"password pass", [](LeafUser& user, const Field& field) { field.into(user.password); }},
    {"account", [](LeafUser& user, const Field& field) { field.into(user.account); }},
    {"proxy_required", [](LeafUser&, const Field& field) { refuse_if_true(field); }},
};

void read_leaf_users(LeafLogin& login, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected users field to be an array, got " + go_print(field.value));
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place,
                         "Expected user entry to be a map/struct, got " + go_print(item));
      continue;
    }
    read_map(leaf_user_table, login.users.emplace_back(), item, field.report, field.source);
  }
}

constexpr Directive<LeafLogin> leaf_login_table[] = {
    {"user username", [](LeafLogin& login, const Field& f) { f.into(login.single.username); }},
    {"password pass", [](LeafLogin& login, const Field& f) { f.into(login.single.password); }},
    {"nkey",
     [](LeafLogin& login, const Field& field) {
       field.into(login.single.nkey);
       if (!login.single.nkey.empty() && !decode_user_nkey(login.single.nkey)) {
         field.error("Not a valid public nkey for leafnode authorization");
       }
     }},
    {"account", [](LeafLogin& login, const Field& f) { f.into(login.single.account); }},
    {"users", read_leaf_users},
    {"timeout",
     [](LeafLogin& login, const Field& field) {
       login.timeout = read_timeout(field, "error parsing leafnode authorization config, ");
       warn_of_long_timeout(field, login.timeout);
     }},
    {"proxy_required", [](LeafLogin&, const Field& field) { refuse_if_true(field); }},
};

std::optional<std::string> login_error(const LeafLogin& login) {
  if (login.users.empty()) {
    return std::nullopt;
  }
  if (!login.single.username.empty()) {
    return "can not have a single user/pass and a users array";
  }
  if (!login.single.nkey.empty()) {
    return "can not have a single nkey and a users array";
  }
  std::set<std::string> seen;
  for (const LeafUser& user : login.users) {
    if (!seen.insert(user.username).second) {
      return "duplicate user " + go_quote(user.username) + " detected in leafnode authorization";
    }
  }
  return std::nullopt;
}

void read_leaf_authorization(LeafReading& block, const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    return field.report.wrong_type(field.value, ConfigKind::map);
  }
  LeafLogin login;
  read_map(leaf_login_table, login, field.value, field.report, field.source);
  if (const std::optional<std::string> error = login_error(login)) {
    return field.error(*error);
  }
  LeafUser& single = login.single;
  block.leaf.account = single.account;
  // A user's name counts more than an nkey; a password alone counts nothing.
  if (!single.username.empty()) {
    single.nkey.clear();
    login.users = {single};
  } else if (!single.nkey.empty()) {
    single.password.clear();
    login.users = {single};
  }
  block.leaf.users = std::move(login.users);
  if (login.timeout) {
    block.leaf.authentication_timeout = *login.timeout;
  }
}

// ---- remotes ------------------------------------------------------------------------------------

struct RemoteReading {
  ConfigReading& reading;
  LeafRemote remote;
  TlsFiles files;
  std::vector<std::string> urls;  // as written, passwords hidden
  bool disabled = false;
};

// A URL as it may be shown, otherwise as written.
std::string without_password(const std::string& text, const ParsedUrl& url) {
  const std::size_t at = text.rfind('@');
  const std::size_t begin = text.find("://");
  if (!url.has_password || at == std::string::npos || begin == std::string::npos) {
    return text;
  }
  const std::size_t colon = text.find(':', begin + 3);
  return text.substr(0, colon) + ":xxxxx" + text.substr(at);
}

void add_url(RemoteReading& block, const ConfigValue& value, const Field& field) {
  const std::optional<ParsedUrl> url = read_url(value, "leafnode", field.report);
  if (!url) {
    return;
  }
  if (url->scheme == "ws" || url->scheme == "wss") {
    return field.refuse();
  }
  block.urls.push_back(without_password(value.text, *url));
  block.remote.urls.push_back(remote_of(*url, standard_port));
}

void read_remote_urls(RemoteReading& block, const Field& field) {
  block.urls.clear();
  block.remote.urls.clear();
  if (field.value.kind == ConfigKind::text) {
    return add_url(block, field.value, field);
  }
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected remote leafnode url to be an array or string, got " +
                       go_print(field.value));
  }
  std::set<std::string> seen;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind == ConfigKind::text && !seen.insert(item.text).second) {
      field.report.warning(item.place, item.text, "Duplicate leafnode entry detected");
      continue;
    }
    add_url(block, item, field);
  }
}

void check_migrate(RemoteReading&, const Field& field) {
  static constexpr Directive<Checked> table[] = {{"leader_migrate_delay", check_duration}};
  if (field.value.kind != ConfigKind::boolean &&
      !expect_map(field, "Expected boolean or map for jetstream_cluster_migrate")) {
    return;
  }
  if (field.value.kind == ConfigKind::map) {
    Checked block;
    read_map(table, block, field.value, field.report, field.source);
  }
  field.remark("has no effect without JetStream");
}

void check_proxy(RemoteReading&, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"url", check_text},         {"username", check_text}, {"password", check_text},
      {"timeout", check_duration}, {"tls", check_tls},
  };
  if (expect_map(field, "Expected proxy to be a map")) {
    Checked block;
    read_map(table, block, field.value, field.report, field.source);
    field.refuse();
  }
}

void read_denied(const Field& field, std::vector<std::string>& target) {
  if (std::optional<std::vector<std::string>> subjects = read_subjects(field, false, true)) {
    target = std::move(*subjects);
  }
}

void read_remote_tls(RemoteReading& block, const Field& field) {
  if (std::optional<PeerTlsReading> tls = read_peer_tls(field, TlsPlace::leaf_remote)) {
    block.remote.tls = tls->options;
    block.files = std::move(tls->files);
  }
}

using Remote = RemoteReading;

constexpr Directive<RemoteReading> remote_table[] = {
    {"url urls", read_remote_urls},
    {"account local", [](Remote& r, const Field& f) { f.into(r.remote.account); }},
    {"credentials creds",
     [](Remote&, const Field& f) {
       if (f.text()) {
         f.refuse();
       }
     }},
    {"nkey seed",
     [](Remote&, const Field& f) {
       if (f.text()) {
         f.refuse();
       }
     }},
    {"tls", read_remote_tls},
    {"hub", [](Remote& r, const Field& f) { f.into(r.remote.is_hub); }},
    {"deny_imports deny_import",
     [](Remote& r, const Field& f) { read_denied(f, r.remote.deny_imports); }},
    {"deny_exports deny_export",
     [](Remote& r, const Field& f) { read_denied(f, r.remote.deny_exports); }},
    {"no_randomize dont_randomize",
     [](Remote& r, const Field& f) { f.into(r.remote.no_randomize); }},
    // Of WebSocket URLs, which are refused themselves.
    {"ws_compression ws_compress websocket_compress websocket_compression",
     [](Remote&, const Field& f) { f.boolean(); }},
    {"ws_no_masking websocket_no_masking", [](Remote&, const Field& f) { f.boolean(); }},
    {"jetstream_cluster_migrate js_cluster_migrate", check_migrate},
    {"isolate_leafnode_interest isolate", [](Remote&, const Field& f) { refuse_if_true(f); }},
    {"request_isolation", [](Remote&, const Field& f) { refuse_if_true(f); }},
    {"compression", [](Remote& r, const Field& f) { read_compression(r.reading, f, "s2_auto"); }},
    {"first_info_timeout",
     [](Remote& r, const Field& f) { f.into(r.remote.first_info_timeout, f.key); }},
    {"dial_timeout",
     [](Remote&, const Field& f) {
       if (f.duration(f.key)) {
         f.remark("has no effect: the time to connect is not configurable");
       }
     }},
    {"disabled", [](Remote& r, const Field& f) { f.into(r.disabled); }},
    {"ignore_discovered_servers",
     [](Remote& r, const Field& f) { f.into(r.remote.ignores_discovered); }},
    {"proxy", check_proxy},
};

std::string remote_name(const RemoteReading& block) {
  std::string urls;
  for (const std::string& url : block.urls) {
    urls += (urls.empty() ? "" : " ") + go_quote(url);
  }
  const std::string& account = block.remote.account;
  return "urls=[" + urls + "], account=" + go_quote(account.empty() ? "$G" : account);
}

void add_remote(LeafReading& block, RemoteReading remote, const Field& field) {
  if (remote.disabled) {
    return;
  }
  if (remote.remote.urls.empty()) {
    return Field{"remotes", field.value, field.report, field.source}.remark(
        "has an entry without effect: it names no URL");
  }
  for (RemoteUrl& url : remote.remote.urls) {
    remote.remote.tls.enabled = remote.remote.tls.enabled || url.tls;
  }
  for (RemoteUrl& url : remote.remote.urls) {
    url.tls = remote.remote.tls.enabled;
  }
  block.leaf.remotes.push_back(std::move(remote.remote));
  block.reading.config.leaf_remote_tls.push_back(std::move(remote.files));
}

void read_remotes(LeafReading& block, const Field& field) {
  if (field.value.kind != ConfigKind::array) {
    return field.error("Expected remotes field to be an array, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  block.leaf.remotes.clear();
  block.reading.config.leaf_remote_tls.clear();
  std::set<std::string> names;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(
          item.place, "Expected remote leafnode entry to be a map/struct, got " + go_print(item));
      continue;
    }
    RemoteReading remote{block.reading, {}, {}, {}, false};
    read_map(remote_table, remote, item, field.report, field.source);
    const std::string name = remote_name(remote);
    if (!names.insert(name).second) {
      field.report.error(item.entries.empty() ? item.place : item.entries.front().value.place,
                         "duplicate remote " + name);
      continue;
    }
    add_remote(block, std::move(remote), Field{field.key, item, field.report, field.source});
  }
}

// ---- the block ----------------------------------------------------------------------------------

// "2.8.0" and later; what follows a third number, as in "2.9.0-beta", does not count.
std::optional<std::string> min_version_error(std::string_view version) {
  std::array<std::uint64_t, 3> numbers{};
  const char* begin = version.data();
  const char* const end = begin + version.size();
  begin += !version.empty() && version.front() == 'v' ? 1 : 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::from_chars_result result = std::from_chars(begin, end, numbers[i]);
    const bool dot_follows = result.ptr != end && *result.ptr == '.';
    if (result.ec != std::errc() || (i + 1 < numbers.size() && !dot_follows)) {
      return "invalid leafnode's minimum version: invalid semver";
    }
    begin = result.ptr + (dot_follows ? 1 : 0);
  }
  if (numbers < std::array<std::uint64_t, 3>{2, 8, 0}) {
    return "the minimum version should be at least 2.8.0";
  }
  return std::nullopt;
}

void read_min_version(LeafReading& block, const Field& field) {
  const std::optional<std::string> version = field.text();
  if (!version) {
    return;
  }
  if (const std::optional<std::string> error = min_version_error(*version)) {
    return field.error(*error);
  }
  block.leaf.min_version = *version;
}

void read_leaf_tls(LeafReading& block, const Field& field) {
  if (std::optional<PeerTlsReading> tls = read_peer_tls(field, TlsPlace::leaf_listener)) {
    block.leaf.tls = tls->options;
    block.reading.config.leaf_tls = std::move(tls->files);
  }
}

using Leaf = LeafReading;

constexpr Directive<LeafReading> leafnodes_table[] = {
    {"listen",
     [](Leaf& b, const Field& f) {
       if (std::optional<ListenAddress> address = f.listen()) {
         b.reading.config.leaf_listen = std::move(address);
       }
     }},
    {"port", [](Leaf& b, const Field& f) { f.into_port(listener(b).port); }},
    {"host net", [](Leaf& b, const Field& f) { f.into(listener(b).host); }},
    {"authorization", read_leaf_authorization},
    {"remotes", read_remotes},
    {"reconnect reconnect_delay reconnect_interval",
     [](Leaf& b, const Field& f) { f.into(b.leaf.reconnect_interval, "reconnect"); }},
    {"dial_timeout",
     [](Leaf&, const Field& f) {
       if (f.duration("dial_timeout")) {
         f.remark("has no effect: the time to connect is not configurable");
       }
     }},
    {"tls", read_leaf_tls},
    {"advertise leafnode_advertise",
     [](Leaf& b, const Field& f) { f.into(b.reading.config.leaf_advertise); }},
    {"no_advertise", [](Leaf& b, const Field& f) { f.into(b.leaf.no_advertise); }},
    {"min_version minimum_version", read_min_version},
    {"compression", [](Leaf& b, const Field& f) { read_compression(b.reading, f, "s2_auto"); }},
    {"isolate_leafnode_interest isolate",
     [](Leaf& b, const Field& f) { f.into(b.leaf.isolate_leafnode_interest); }},
    {"write_deadline",
     [](Leaf& b, const Field& f) { f.into(b.leaf.write_deadline, "write_deadline"); }},
    {"write_timeout", [](Leaf&, const Field& f) { read_peer_write_timeout(f); }},
};

}  // namespace

void read_leafnodes(ConfigReading& reading, const Field& field) {
  if (!expect_map(field, "Expected map to define a leafnode")) {
    return;
  }
  LeafReading block{reading, reading.config.engine.leaf};
  read_map(leafnodes_table, block, field.value, field.report, field.source);
}

}  // namespace rubus::io
