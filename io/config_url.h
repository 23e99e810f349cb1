// URLs of a configuration: what of them a server needs, judged as Go's net/url judges them.
//
// Refused is what Go refuses: control characters, a missing scheme, a bad escape, a host with a
// character that has no place there, a port that is no number. "host:port" without a scheme is
// taken for what it means, although Go reads the host as the scheme.
// Paths, queries and fragments are parted from the rest and forgotten. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/seam/options.h"

namespace rubus::io {

struct ParsedUrl {
  std::string scheme;  // in lower case; empty: none
  bool has_user = false;
  bool has_password = false;
  std::string username;  // escapes undone
  std::string password;
  std::string host;  // without brackets
  std::string port;  // digits; empty: none
};

// A URL, or Go's reason why `text` is none.
struct UrlReading {
  ParsedUrl url;
  std::optional<std::string> error;  // "missing protocol scheme"
};
UrlReading parse_url(std::string_view text);

// "host:port", "[::1]:port", ":port".
std::optional<std::pair<std::string, std::string>> split_host_port(std::string_view text);

// What cluster.advertise and its like say: "host" or "host:port"; a port of 0 or -1, or none, is
// `standard`. Otherwise Go's reason is in `error`.
struct AdvertisedAddress {
  std::string host;
  std::int64_t port = 0;
  std::optional<std::string> error;
};
AdvertisedAddress parse_advertised(std::string_view text, std::int64_t standard);

// Whether the port, if there is one, is one of 0 to 65535.
bool has_dialable_port(const ParsedUrl& url);

// Where to dial; without a port `standard` is taken.
RemoteUrl remote_of(const ParsedUrl& url, std::uint16_t standard);

// As it may be logged: the password is hidden.
std::string shown_url(const RemoteUrl& url);

}  // namespace rubus::io
