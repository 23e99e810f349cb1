#include "io/config_url.h"

#include <algorithm>
#include <utility>

#include "io/config_text.h"
#include "io/config_value.h"

namespace rubus::io {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

using Trouble = std::optional<std::string>;

// Undoes "%41".
Trouble unescape(std::string_view text, std::string& plain) {
  plain.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return "invalid URL escape " + go_quote(text.substr(i, 3));
    }
    plain.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return std::nullopt;
}

// Splits the scheme off `rest`, if there is one; false where a colon stands first.
bool take_scheme(std::string_view& rest, std::string& scheme) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == ':') {
      if (i == 0) {
        return false;
      }
      scheme = lower_case(rest.substr(0, i));
      rest.remove_prefix(i + 1);
      return true;
    }
    const bool allowed =
        is_letter(c) || (i > 0 && (is_digit(c) || c == '+' || c == '-' || c == '.'));
    if (!allowed) {
      return true;
    }
  }
  return true;
}

Trouble take_user(std::string_view text, ParsedUrl& url) {
  constexpr std::string_view signs = "-._:~!$&'()*+,;=%@";
  const bool valid = std::all_of(text.begin(), text.end(), [signs](char c) {
    return is_letter(c) || is_digit(c) || signs.find(c) != std::string_view::npos;
  });
  if (!valid) {
    return "net/url: invalid userinfo";
  }
  const std::size_t colon = text.find(':');
  url.has_user = true;
  url.has_password = colon != std::string_view::npos;
  if (Trouble trouble = unescape(text.substr(0, colon), url.username)) {
    return trouble;
  }
  return url.has_password ? unescape(text.substr(colon + 1), url.password) : std::nullopt;
}

Trouble take_host(std::string_view text, ParsedUrl& url) {
  std::string_view host = text;
  std::string_view rest;  // ":port" or nothing
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.rfind(']');
    if (end == std::string_view::npos) {
      return "missing ']' in host";
    }
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty() &&
      (rest.front() != ':' || !std::all_of(rest.begin() + 1, rest.end(), is_digit))) {
    return "invalid port " + go_quote(rest) + " after host";
  }
  constexpr std::string_view signs = "-._~!$&'()*+,;=:[]<>\"%";
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (!is_letter(c) && !is_digit(c) && signs.find(c) == std::string_view::npos &&
        static_cast<unsigned char>(c) < 0x80) {
      return "invalid character " + go_quote(host.substr(i, 1)) + " in host name";
    }
  }
  url.port = rest.empty() ? "" : rest.substr(1);
  return unescape(host, url.host);
}

Trouble take_authority(std::string_view text, ParsedUrl& url) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) {
    return take_host(text, url);
  }
  if (Trouble trouble = take_host(text.substr(at + 1), url)) {
    return trouble;
  }
  return take_user(text.substr(0, at), url);
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

UrlReading parse_url(std::string_view text) {
  UrlReading reading;
  ParsedUrl& url = reading.url;
  text = without_blanks(text);
  const bool control = std::any_of(text.begin(), text.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
  });
  std::string_view rest = text.substr(0, text.find('#'));
  if (control) {
    reading.error = "net/url: invalid control character in URL";
    return reading;
  }
  if (!take_scheme(rest, url.scheme)) {
    reading.error = "missing protocol scheme";
    return reading;
  }
  rest = rest.substr(0, rest.find('?'));
  if (rest.substr(0, 2) == "//") {
    rest.remove_prefix(2);
    reading.error = take_authority(rest.substr(0, rest.find('/')), url);
    return reading;
  }
  const std::string_view first = rest.substr(0, rest.find('/'));
  if (url.scheme.empty() && first.find(':') != std::string_view::npos) {
    reading.error = "first path segment in URL cannot contain colon";
  } else if (url.scheme.empty()) {
    reading.error = unescape(first, url.host);
  } else if (!first.empty() && std::all_of(first.begin(), first.end(), is_digit)) {
    url.host = std::exchange(url.scheme, "");
    url.port = first;
  }
  return reading;
}

std::optional<std::pair<std::string, std::string>> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') {
      return std::nullopt;
    }
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view port = text.substr(colon + 1);
  if (host.find_first_of("[]") != std::string_view::npos ||
      port.find_first_of("[]") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::make_pair(std::string(host), std::string(port));
}

AdvertisedAddress parse_advertised(std::string_view text, std::int64_t standard) {
  AdvertisedAddress address;
  const std::string whole(text);
  auto parts = split_host_port(whole);
  const bool no_port = whole.find(':') == std::string::npos ||
                       (!whole.empty() && whole.front() == '[' && whole.back() == ']');
  if (no_port) {
    parts = split_host_port(whole + ":" + std::to_string(standard));
  }
  if (!parts) {
    address.error = "address " + whole + ": too many colons in address";
    return address;
  }
  const IntegerReading port = parse_go_integer(without_blanks(parts->second), "Atoi");
  if (port.error) {
    address.error = port.error;
    return address;
  }
  address.host = std::string(without_blanks(parts->first));
  address.port = port.value == 0 || port.value == -1 ? standard : port.value;
  return address;
}

bool has_dialable_port(const ParsedUrl& url) {
  const IntegerReading port = parse_go_integer(url.port, "Atoi");
  return url.port.empty() || (!port.error && port.value <= UINT16_MAX);
}

RemoteUrl remote_of(const ParsedUrl& url, std::uint16_t standard) {
  RemoteUrl remote;
  remote.host = url.host;
  const IntegerReading port = parse_go_integer(url.port, "Atoi");
  const bool usable = !port.error && port.value > 0 && port.value <= UINT16_MAX;
  remote.port = usable ? static_cast<std::uint16_t>(port.value) : standard;
  remote.username = url.username;
  remote.password = url.password;
  remote.tls = url.scheme == "tls";
  return remote;
}

std::string shown_url(const RemoteUrl& url) {
  std::string text = url.tls ? "tls://" : "nats://";
  if (!url.username.empty() || !url.password.empty()) {
    text += url.username + (url.password.empty() ? "@" : ":xxxxx@");
  }
  const bool v6 = url.host.find(':') != std::string::npos;
  return text + (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

}  // namespace rubus::io
