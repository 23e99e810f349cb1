#include "sim/model/naive_subject.h"

namespace rubus::sim {

std::vector<std::string> tokens_of(std::string_view subject) {
  std::vector<std::string> tokens(1);
  for (const char byte : subject) {
    if (byte == '.') {
      tokens.emplace_back();
    } else {
      tokens.back().push_back(byte);
    }
  }
  return tokens;
}

bool is_valid_subject(std::string_view subject) {
  const std::vector<std::string> tokens = tokens_of(subject);
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at].empty() || (tokens[at] == ">" && at + 1 < tokens.size())) {
      return false;
    }
  }
  return true;
}

bool is_literal_subject(std::string_view subject) {
  for (const std::string& token : tokens_of(subject)) {
    if (token.empty() || token == "*" || token == ">") {
      return false;
    }
  }
  return true;
}

bool is_match(std::string_view pattern, std::string_view subject) {
  const std::vector<std::string> wanted = tokens_of(pattern);
  const std::vector<std::string> given = tokens_of(subject);
  for (const std::string& token : given) {
    if (token.empty()) {
      return false;
    }
  }
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    if (wanted[at] == ">" && at + 1 == wanted.size()) {
      return given.size() > at;
    }
    if (at >= given.size() || (wanted[at] != "*" && wanted[at] != given[at])) {
      return false;
    }
  }
  return wanted.size() == given.size();
}

bool is_subset(std::string_view narrow, std::string_view wide) {
  const std::vector<std::string> inner = tokens_of(narrow);
  const std::vector<std::string> outer = tokens_of(wide);
  for (std::size_t at = 0; at < outer.size(); ++at) {
    if (outer[at] == ">") {
      return inner.size() > at;
    }
    if (at >= inner.size() || inner[at] == ">") {
      return false;
    }
    if (outer[at] != "*" && outer[at] != inner[at]) {
      return false;
    }
  }
  return inner.size() == outer.size();
}

}  // namespace rubus::sim
