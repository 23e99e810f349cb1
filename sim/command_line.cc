#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include "engine/base/text_number.h"
#include "sim/commands.h"

namespace rubus::sim {

bool Flags::read(const std::vector<std::string>& words, const std::vector<std::string_view>& known,
                 const std::vector<std::string_view>& switches) {
  const auto is_in = [](const std::vector<std::string_view>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    if (!word.starts_with("--")) {
      operands_.push_back(words[at]);
      continue;
    }
    const std::size_t equal = word.find('=');
    const std::string name(word.substr(2, equal == word.npos ? word.npos : equal - 2));
    if (is_in(switches, name) && equal == word.npos) {
      values_.emplace_back(name, "yes");
    } else if (!is_in(known, name)) {
      why_ = "unknown flag " + words[at];
      return false;
    } else if (equal != word.npos) {
      values_.emplace_back(name, word.substr(equal + 1));
    } else if (at + 1 < words.size()) {
      values_.emplace_back(name, words[++at]);
    } else {
      why_ = "a value is missing after " + words[at];
      return false;
    }
  }
  return true;
}

const std::string* Flags::find(std::string_view name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) {
      return &value;
    }
  }
  return nullptr;
}

std::optional<std::uint64_t> Flags::number(std::string_view name, std::uint64_t fallback) {
  const std::string* value = find(name);
  if (value == nullptr) {
    return fallback;
  }
  const std::optional<std::uint64_t> parsed = parse_unsigned(*value);
  if (!parsed) {
    why_ = "--" + std::string(name) + " needs a number, not \"" + *value + "\"";
  }
  return parsed;
}

int wrong_usage(const std::string& why) {
  std::cerr << "rubus-sim: " << why << "\n"
            << "usage:\n"
               "  rubus-sim run [--seed N | --seeds A..B | --scenario FILE | --minutes M]\n"
               "                [--clients N] [--steps N] [--canary KIND] [--record FILE]\n"
               "  rubus-sim digest [--seeds N]\n"
               "  rubus-sim replay FILE [--story] [--stop-after STEP]\n"
               "  rubus-sim diverge FILE [FILE]     recordings, or scenarios (*.scn)\n"
               "  rubus-sim speed [--seconds N]\n";
  return 2;
}

bool read_file(const std::string& path, std::string& bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return false;
  }
  bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return true;
}

}  // namespace rubus::sim
