#include "tests/engine/client/naive_grammar.h"

#include <cctype>
#include <optional>

namespace rubus::test {

namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line, const std::string& separators) {
  Words words;
  std::string word;
  for (const char byte : line + separators[0]) {
    if (separators.find(byte) == std::string::npos) {
      word.push_back(byte);
    } else if (!word.empty()) {
      words.push_back(word);
      word.clear();
    }
  }
  return words;
}

std::optional<long> size_of(const std::string& digits) {
  if (digits.empty() || digits.size() > 9) {
    return std::nullopt;
  }
  long value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    value = value * 10 + (digit - '0');
  }
  return value;
}

class Reading {
 public:
  Reading(std::string_view bytes, const ParserLimits& limits) : rest_(bytes), limits_(limits) {}

  std::vector<std::string> run() {
    while (!ended_ && !rest_.empty() && command()) {
    }
    return lines_;
  }

 private:
  // Each step returns false when the input ran out or an ending was written.
  bool end(const char* line) {
    lines_.push_back(line);
    ended_ = true;
    return false;
  }

  bool command() {
    static const std::vector<std::string> verbs = {"CONNECT", "PUB",  "HPUB", "SUB", "UNSUB",
                                                   "PING",    "PONG", "INFO", "+OK", "-ERR"};
    std::string seen;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      seen.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(rest_[at]))));
      bool possible = false;
      for (const std::string& verb : verbs) {
        if (verb == seen) {
          rest_.remove_prefix(at + 1);
          return after_verb(verb);
        }
        possible = possible || verb.rfind(seen, 0) == 0;
      }
      if (!possible) {
        return end("unknown operation");
      }
    }
    return false;
  }

  bool after_verb(const std::string& verb) {
    if (verb == "PING" || verb == "PONG" || verb == "+OK") {
      const std::size_t line_feed = rest_.find('\n');
      if (line_feed == std::string_view::npos) {
        return false;
      }
      rest_.remove_prefix(line_feed + 1);
      lines_.push_back(verb);
      return true;
    }
    std::size_t blanks = 0;
    while (blanks < rest_.size() && (rest_[blanks] == ' ' || rest_[blanks] == '\t')) {
      ++blanks;
    }
    if (blanks == rest_.size()) {
      return false;
    }
    if (blanks == 0 && verb != "CONNECT" && verb != "INFO") {
      return end("unknown operation");
    }
    rest_.remove_prefix(blanks);
    const std::size_t line_feed = rest_.find('\n', 1);
    std::string argument(rest_.substr(0, line_feed));
    if (argument.find('\r', 1) != std::string::npos) {
      argument.pop_back();
    }
    if (static_cast<long>(argument.size()) > limits_.max_control_line) {
      return end("control line exceeded");
    }
    if (line_feed == std::string_view::npos) {
      return false;
    }
    rest_.remove_prefix(line_feed + 1);
    return on_argument(verb, argument);
  }

  bool on_argument(const std::string& verb, const std::string& argument) {
    if (verb == "CONNECT" || verb == "INFO") {
      lines_.push_back(verb + " " + argument);
      return true;
    }
    if (verb == "-ERR") {
      return end("client error");
    }
    if (verb == "PUB" || verb == "HPUB") {
      return publish(verb == "HPUB", words_of(argument, " \t"));
    }
    const Words words = words_of(argument, " \t\r\n");
    if (verb == "SUB") {
      if (words.size() != 2 && words.size() != 3) {
        return end("argument error");
      }
      lines_.push_back("SUB <" + words.front() + "> <" + (words.size() == 3 ? words[1] : "") +
                       "> <" + words.back() + ">");
      return true;
    }
    if (words.size() != 1 && words.size() != 2) {
      return end("argument error");
    }
    const long max = words.size() == 2 ? size_of(words[1]).value_or(0) : 0;
    lines_.push_back("UNSUB <" + words[0] + "> " + std::to_string(max));
    return true;
  }

  bool publish(bool is_header_publish, const Words& words) {
    const std::size_t sizes = is_header_publish ? 2 : 1;
    if ((is_header_publish && !limits_.headers) ||
        (words.size() != sizes + 1 && words.size() != sizes + 2)) {
      return end("argument error");
    }
    for (std::size_t at = 0; at + sizes < words.size(); ++at) {
      if (words[at].find_first_of("\r\n") != std::string::npos) {
        return end("argument error");
      }
    }
    const std::optional<long> total = size_of(words.back());
    const std::optional<long> header =
        is_header_publish ? size_of(words[words.size() - 2]) : std::optional<long>(0);
    if (!total || !header || *header > *total) {
      return end("argument error");
    }
    if (limits_.max_payload >= 0 && *total > limits_.max_payload) {
      return end("payload exceeded");
    }
    const std::size_t size = static_cast<std::size_t>(*total);
    if (rest_.size() > size && rest_[size] != '\r') {
      return end("unknown operation");
    }
    if (rest_.size() < size + 2) {
      rest_ = {};
      return false;
    }
    if (rest_[size + 1] != '\n') {
      return end("unknown operation");
    }
    const std::string reply = words.size() == sizes + 2 ? words[1] : "";
    std::string tail = reply.empty() ? "" : reply + " ";
    if (*header > 0) {
      tail += words[words.size() - 2] + " ";
    }
    tail += words.back();
    lines_.push_back((*header > 0 ? "HPUB <" : "PUB <") + words[0] + "> <" + reply + "> <" + tail +
                     "> <" + std::string(rest_.substr(0, size + 2)) + ">");
    rest_.remove_prefix(size + 2);
    return true;
  }

  std::string_view rest_;
  ParserLimits limits_;
  std::vector<std::string> lines_;
  bool ended_ = false;
};

}  // namespace

std::vector<std::string> read_naively(std::string_view bytes, const ParserLimits& limits) {
  return Reading(bytes, limits).run();
}

}  // namespace rubus::test
