#include "sim/describe_difference.h"

#include <algorithm>
#include <vector>

namespace rubus::sim {

namespace {

std::vector<std::string_view> pieces_of(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) {
      pieces.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

// One line: the name of the part, its digest, then name=value fields.
std::string difference_of_parts(std::string_view left, std::string_view right) {
  const std::vector<std::string_view> left_words = pieces_of(left, ' ');
  const std::vector<std::string_view> right_words = pieces_of(right, ' ');
  const std::string part(left_words.front());
  for (std::size_t at = 2; at < std::max(left_words.size(), right_words.size()); ++at) {
    const std::string_view a = at < left_words.size() ? left_words[at] : "nothing";
    const std::string_view b = at < right_words.size() ? right_words[at] : "nothing";
    if (a != b) {
      const std::string_view name = a.substr(0, a.find('='));
      const bool is_same_field = b.substr(0, b.find('=')) == name && a.find('=') != a.npos;
      if (is_same_field) {
        return part + " " + std::string(name) + ": " + std::string(a.substr(name.size() + 1)) +
               " against " + std::string(b.substr(name.size() + 1));
      }
      return part + " " + std::string(a) + " against " + std::string(b);
    }
  }
  return part + " differs in a field that is not described";
}

}  // namespace

std::string first_difference(std::string_view left, std::string_view right) {
  const std::vector<std::string_view> left_lines = pieces_of(left, '\n');
  const std::vector<std::string_view> right_lines = pieces_of(right, '\n');
  for (std::size_t at = 0; at < std::max(left_lines.size(), right_lines.size()); ++at) {
    if (at >= left_lines.size()) {
      return std::string(pieces_of(right_lines[at], ' ').front()) + " is only in the second";
    }
    if (at >= right_lines.size()) {
      return std::string(pieces_of(left_lines[at], ' ').front()) + " is only in the first";
    }
    if (left_lines[at] == right_lines[at]) {
      continue;
    }
    const std::string_view left_name = pieces_of(left_lines[at], ' ').front();
    const std::string_view right_name = pieces_of(right_lines[at], ' ').front();
    if (left_name != right_name) {
      return std::string(left_name) + " against " + std::string(right_name);
    }
    return difference_of_parts(left_lines[at], right_lines[at]);
  }
  return {};
}

}  // namespace rubus::sim
