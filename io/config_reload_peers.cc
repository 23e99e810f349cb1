#include "io/config_reload_peers.h"

#include <algorithm>
#include <concepts>

#include "engine/seam/fields.h"
#include "io/config_text.h"
#include "io/config_url.h"
#include "io/config_value.h"

namespace rubus::io {

std::string shown(const std::string& value) { return value; }
std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(std::int64_t value) { return std::to_string(value); }
std::string shown(Duration value) { return duration_text(value); }
std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += (text.empty() ? "" : " ") + value;
  }
  return "[" + text + "]";
}
std::string shown(const std::optional<ListenAddress>& address) {
  return address ? address->host + ":" + std::to_string(address->port) : "";
}

std::int64_t port_of(const std::optional<ListenAddress>& address) {
  return address ? address->port : 0;
}

namespace {

// A value as text that is equal for equal values alone: it names every member the seam knows.
class Fingerprint {
 public:
  template <class T>
  void operator()(std::string_view, const T& value) {
    put(value);
    text_.push_back(';');
  }
  std::string take() && { return std::move(text_); }

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      text_ += std::to_string(static_cast<std::uint64_t>(value));
    } else if constexpr (std::integral<T>) {
      text_ += std::to_string(value);
    } else {
      fields(*this, value);
    }
  }
  void put(const std::string& value) { text_ += go_quote(value); }
  void put(Duration value) { text_ += std::to_string(value.nanoseconds); }
  template <class T>
  void put(const std::vector<T>& values) {
    for (const T& value : values) {
      put(value);
      text_.push_back(',');
    }
    text_.push_back(']');
  }
  template <class T>
  void put(const std::optional<T>& value) {
    text_.push_back(value ? '+' : '-');
    if (value) {
      put(*value);
    }
  }

 private:
  std::string text_;
};

template <class T>
std::string fingerprint(const T& value) {
  Fingerprint print;
  print.put(value);
  return std::move(print).take();
}

template <class T>
bool is_same(const T& a, const T& b) {
  return fingerprint(a) == fingerprint(b);
}

bool same_files(const TlsFiles& a, const TlsFiles& b) {
  return a.present == b.present && a.certificates == b.certificates && a.ca_file == b.ca_file &&
         a.cipher_suites == b.cipher_suites && a.curve_preferences == b.curve_preferences &&
         a.min_version == b.min_version && a.pinned_certs == b.pinned_certs &&
         a.insecure == b.insecure;
}

using Refusal = std::optional<std::string>;

std::string old_and_new(const std::string& old, const std::string& fresh) {
  return ": old=" + old + ", new=" + fresh;
}

template <class Value>
void must_equal(Refusal& refusal, std::string_view field, const Value& old, const Value& fresh) {
  if (!refusal && shown(old) != shown(fresh)) {
    refusal = "config reload not supported for " + std::string(field) +
              old_and_new(shown(old), shown(fresh));
  }
}

std::string host_of(const std::optional<ListenAddress>& address) {
  return address ? address->host : "";
}

// A random port stays what it has become.
std::int64_t fresh_port_of(const std::optional<ListenAddress>& fresh,
                           const std::optional<ListenAddress>& old) {
  return fresh && fresh->port == -1 && old ? port_of(old) : port_of(fresh);
}

// ---- leaf nodes ---------------------------------------------------------------------------------

// What tells remotes apart: the reference goes by URLs, passwords included, and account.
std::string identity_of(const LeafRemote& remote) {
  return fingerprint(remote.urls) + remote.account;
}

std::string remote_name(const LeafRemote& remote) {
  std::string urls;
  for (const RemoteUrl& url : remote.urls) {
    urls += (urls.empty() ? "" : " ") + go_quote(shown_url(url));
  }
  return "urls=[" + urls + "], account=" + go_quote(remote.account.empty() ? "$G" : remote.account);
}

const LeafRemote* find_remote(const std::vector<LeafRemote>& remotes, const LeafRemote& wanted) {
  const auto found =
      std::find_if(remotes.begin(), remotes.end(), [&wanted](const LeafRemote& candidate) {
        return identity_of(candidate) == identity_of(wanted);
      });
  return found == remotes.end() ? nullptr : &*found;
}

// Names only: what else a user has is nobody's business in a log.
std::string names_of(const std::vector<LeafUser>& users) {
  std::vector<std::string> names;
  for (const LeafUser& user : users) {
    names.push_back(user.username.empty() ? user.nkey : user.username);
  }
  return shown(names);
}

struct LeafComparison {
  std::string prefix;  // "remote …: "
  Refusal refusal;

  template <class Value>
  void field(std::string_view name, const Value& old, const Value& fresh) {
    if (!refusal && shown(old) != shown(fresh)) {
      change(name, shown(old), shown(fresh));
    }
  }
  void change(std::string_view name, const std::string& old, const std::string& fresh) {
    refusal = "config reload not supported for LeafNode: " + prefix + "field " + go_quote(name) +
              old_and_new(old, fresh);
  }
};

Refusal remote_refusal(const LeafRemote& old, const LeafRemote& fresh) {
  LeafComparison compare{"remote " + remote_name(fresh) + ": ", std::nullopt};
  compare.field("NoRandomize", old.no_randomize, fresh.no_randomize);
  compare.field("IgnoreDiscoveredServers", old.ignores_discovered, fresh.ignores_discovered);
  compare.field("Hub", old.is_hub, fresh.is_hub);
  compare.field("DenyImports", old.deny_imports, fresh.deny_imports);
  compare.field("DenyExports", old.deny_exports, fresh.deny_exports);
  compare.field("FirstInfoTimeout", old.first_info_timeout, fresh.first_info_timeout);
  return compare.refusal;
}

Refusal leaf_refusal(const ServerConfig& old, const ServerConfig& fresh) {
  const LeafOptions& was = old.engine.leaf;
  const LeafOptions& now = fresh.engine.leaf;
  LeafComparison compare{"", std::nullopt};
  if (!is_same(was.users, now.users)) {
    compare.change("Users", names_of(was.users), names_of(now.users));
  }
  compare.field("Host", host_of(old.leaf_listen), host_of(fresh.leaf_listen));
  compare.field("Port", port_of(old.leaf_listen),
                fresh_port_of(fresh.leaf_listen, old.leaf_listen));
  compare.field("Account", was.account, now.account);
  compare.field("AuthTimeout", was.authentication_timeout, now.authentication_timeout);
  compare.field("TLSTimeout", was.tls.timeout, now.tls.timeout);
  compare.field("TLSPinnedCerts", old.leaf_tls.pinned_certs, fresh.leaf_tls.pinned_certs);
  compare.field("Advertise", old.leaf_advertise, fresh.leaf_advertise);
  compare.field("NoAdvertise", was.no_advertise, now.no_advertise);
  compare.field("ReconnectInterval", was.reconnect_interval, now.reconnect_interval);
  compare.field("MinVersion", was.min_version, now.min_version);
  compare.field("IsolateLeafnodeInterest", was.isolate_leafnode_interest,
                now.isolate_leafnode_interest);
  for (const LeafRemote& remote : now.remotes) {
    const LeafRemote* const before = find_remote(was.remotes, remote);
    if (!compare.refusal && before != nullptr) {
      compare.refusal = remote_refusal(*before, remote);
    }
  }
  return compare.refusal;
}

// ---- cluster ------------------------------------------------------------------------------------

// All that is decided by, apart from the routes, which have a line of their own.
std::string without_routes(ClusterOptions cluster) {
  cluster.routes.clear();
  cluster.port = 0;  // compared as configured
  return fingerprint(cluster);
}

}  // namespace

std::optional<std::string> peer_reload_refusal(const ServerConfig& old, const ServerConfig& fresh) {
  Refusal refusal;
  must_equal(refusal, "cluster host", host_of(old.cluster_listen), host_of(fresh.cluster_listen));
  must_equal(refusal, "cluster port", port_of(old.cluster_listen),
             fresh_port_of(fresh.cluster_listen, old.cluster_listen));
  must_equal(refusal, "cluster name", old.engine.cluster.name, fresh.engine.cluster.name);
  if (!refusal) {
    refusal = leaf_refusal(old, fresh);
  }
  must_equal<std::int64_t>(refusal, "Shards", old.shards, fresh.shards);
  must_equal(refusal, "Prometheus", old.metrics, fresh.metrics);
  return refusal;
}

std::vector<std::string> cluster_and_leaf_lines(const ServerConfig& old,
                                                const ServerConfig& fresh) {
  std::vector<std::string> lines;
  if (fresh.cluster_listen &&
      (without_routes(old.engine.cluster) != without_routes(fresh.engine.cluster) ||
       !same_files(old.cluster_tls, fresh.cluster_tls))) {
    lines.emplace_back("Reloaded: cluster");
  }
  const LeafOptions& was = old.engine.leaf;
  const LeafOptions& now = fresh.engine.leaf;
  if (was.tls.handshake_first != now.tls.handshake_first) {
    lines.push_back("Reloaded: LeafNode TLS HandshakeFirst value is: " +
                    shown(now.tls.handshake_first));
  }
  for (const LeafRemote& remote : was.remotes) {
    const LeafRemote* const after = find_remote(now.remotes, remote);
    if (after == nullptr) {
      lines.push_back("Reloaded: LeafNode Remote " + remote_name(remote) + " removed");
    } else if (after->tls.handshake_first != remote.tls.handshake_first) {
      lines.push_back("Reloaded: LeafNode Remote " + remote_name(remote) +
                      " TLS HandshakeFirst value is: " + shown(after->tls.handshake_first));
    }
  }
  return lines;
}

std::vector<std::string> route_lines(const ServerConfig& old, const ServerConfig& fresh) {
  std::vector<std::string> lines;
  if (!is_same(old.engine.cluster.routes, fresh.engine.cluster.routes)) {
    lines.emplace_back("Reloaded: cluster routes");
  }
  const MonitorOptions& was = old.engine.monitor;
  const MonitorOptions& now = fresh.engine.monitor;
  if (was.metrics_prefix != now.metrics_prefix ||
      was.metrics_prefix_jetstream != now.metrics_prefix_jetstream ||
      was.metrics_server_id != now.metrics_server_id) {
    lines.emplace_back("Reloaded: prometheus");
  }
  return lines;
}

}  // namespace rubus::io
