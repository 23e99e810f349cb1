#include "engine/client/address_text.h"

#include "engine/base/text_number.h"

namespace rubus {

namespace {

void append_hex(std::string& text, unsigned group) {
  constexpr std::string_view digits = "0123456789abcdef";
  bool begun = false;
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    const unsigned digit = (group >> shift) & 0xFU;
    begun = begun || digit != 0 || shift == 0;
    if (begun) {
      text.push_back(digits[digit]);
    }
  }
}

std::string host_v6_text(const Address& address) {
  std::array<unsigned, 8> groups{};
  for (std::size_t at = 0; at < groups.size(); ++at) {
    groups[at] = (static_cast<unsigned>(address.bytes[2 * at]) << 8U) | address.bytes[2 * at + 1];
  }
  // The first of the longest runs of at least two zero groups becomes "::".
  std::size_t best_at = groups.size();
  std::size_t best_size = 1;
  for (std::size_t at = 0; at < groups.size();) {
    std::size_t size = 0;
    while (at + size < groups.size() && groups[at + size] == 0) {
      ++size;
    }
    if (size > best_size) {
      best_at = at;
      best_size = size;
    }
    at += size + 1;
  }
  std::string text;
  for (std::size_t at = 0; at < groups.size();) {
    if (at == best_at) {
      text.append("::");
      at += best_size;
      continue;
    }
    if (!text.empty() && text.back() != ':') {
      text.push_back(':');
    }
    append_hex(text, groups[at]);
    ++at;
  }
  return text;
}

}  // namespace

std::string host_text(const Address& address) {
  if (address.is_v6) {
    return host_v6_text(address);
  }
  std::string text;
  for (std::size_t at = 0; at < 4; ++at) {
    if (at > 0) {
      text.push_back('.');
    }
    append_number(text, std::uint64_t{address.bytes[at]});
  }
  return text;
}

std::string host_and_port_text(const Address& address) {
  std::string text = address.is_v6 ? "[" + host_text(address) + "]" : host_text(address);
  text.push_back(':');
  append_number(text, std::uint64_t{address.port});
  return text;
}

bool split_host_and_port(std::string_view text, std::string& host, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return false;
  }
  const std::optional<std::uint64_t> number = parse_unsigned(text.substr(colon + 1));
  std::string_view name = text.substr(0, colon);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.substr(1, name.size() - 2);
  }
  if (!number.has_value() || *number == 0 || *number > 65'535) {
    return false;
  }
  host.assign(name);
  port = static_cast<std::uint16_t>(*number);
  return true;
}

}  // namespace rubus
