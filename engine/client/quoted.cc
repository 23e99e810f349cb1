#include "engine/client/quoted.h"

namespace rubus {

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      result.push_back('\\');
      result.push_back(byte);
    } else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) {
      constexpr std::string_view named = "\a\b\f\n\r\t\v";
      constexpr std::string_view letters = "abfnrtv";
      const std::size_t known = named.find(byte);
      result.push_back('\\');
      if (known != std::string_view::npos) {
        result.push_back(letters[known]);
      } else {
        result.push_back('x');
        result.push_back(hex[static_cast<unsigned char>(byte) >> 4U]);
        result.push_back(hex[static_cast<unsigned char>(byte) & 0xFU]);
      }
    } else {
      result.push_back(byte);
    }
  }
  return result.append("\"");
}

}  // namespace rubus
