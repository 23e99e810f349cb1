#include "tests/engine/peer/naive_peer_grammar.h"

#include <cctype>
#include <map>
#include <optional>

namespace rubus::test {

namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  Words words;
  std::string word;
  for (const char byte : line + " ") {
    if (byte != ' ' && byte != '\t') {
      word.push_back(byte);
    } else if (!word.empty()) {
      words.push_back(word);
      word.clear();
    }
  }
  return words;
}

std::optional<long> size_of(const std::string& digits) {
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stol(digits);
}

class Reading {
 public:
  Reading(std::string_view bytes, const PeerSetting& setting) : rest_(bytes), setting_(setting) {}

  std::vector<std::string> run() {
    while (!ended_ && !rest_.empty() && command()) {
    }
    return lines_;
  }

 private:
  bool end(const char* line) {
    lines_.push_back(line);
    ended_ = true;
    return false;
  }

  bool is_route() const { return setting_.flavour == PeerFlavour::route; }

  bool command() {
    Words verbs = {"CONNECT", "INFO", "PING", "PONG", "+OK", "-ERR", "LS+", "LS-", "LMSG", "HMSG"};
    if (is_route()) {
      verbs.insert(verbs.end(), {"RS+", "RS-", "RMSG"});
    }
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
    const std::size_t blanks = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    if (verb == "PING" || verb == "PONG" || verb == "+OK") {
      const std::size_t line_feed = rest_.find('\n');
      if (line_feed == std::string_view::npos) {
        return false;
      }
      rest_.remove_prefix(line_feed + 1);
      lines_.push_back(verb);
      return true;
    }
    if (blanks == rest_.size()) {
      return false;
    }
    if (blanks == 0 && verb != "CONNECT" && verb != "INFO" && verb != "-ERR") {
      return end("unknown operation");
    }
    rest_.remove_prefix(blanks);
    const std::size_t line_feed = rest_.find('\n');
    std::string argument(rest_.substr(0, line_feed));
    if (!argument.empty() && argument.back() == '\r') {
      argument.pop_back();
    }
    if (static_cast<long>(argument.size()) > setting_.limits.max_control_line) {
      return end("control line exceeded");
    }
    if (line_feed == std::string_view::npos) {
      return false;
    }
    rest_.remove_prefix(line_feed + 1);
    return on_argument(verb, argument);
  }

  bool on_argument(const std::string& verb, std::string argument) {
    if (verb == "CONNECT" || verb == "INFO" || verb == "-ERR") {
      while (!argument.empty() && (argument.back() == ' ' || argument.back() == '\t')) {
        argument.pop_back();
      }
      if (verb == "-ERR" && argument.size() >= 2 && argument.front() == '\'' &&
          argument.back() == '\'') {
        argument = argument.substr(1, argument.size() - 2);
      }
      lines_.push_back(verb + " " + argument);
      return true;
    }
    if (argument.find('\r') != std::string::npos) {
      return end("argument error");
    }
    if (verb.ends_with("MSG")) {
      return message(verb, words_of(argument));
    }
    return interest(verb, words_of(argument));
  }

  // The words a line has, in order, one letter each: o(rigin) a(ccount) s(ubject) q(ueue) w(eight).
  std::vector<std::string> forms(const std::string& verb) const {
    const std::string account = is_route() && setting_.has_account_token ? "a" : "";
    const std::string origin = is_route() && verb[0] == 'L' ? "o" : "";
    if (verb == "RS+" || verb == "LS+") {
      return {origin + account + "s", origin + account + "sqw"};
    }
    const std::vector<std::string> with = {origin + account + "s", origin + account + "sq"};
    if (origin.empty()) {
      return with;
    }
    const std::vector<std::string> without = {account + "s", account + "sq"};
    std::vector<std::string> all = setting_.has_leaf_unsub_origin ? with : without;
    const std::vector<std::string>& less = setting_.has_leaf_unsub_origin ? without : with;
    all.insert(all.end(), less.begin(), less.end());
    return all;
  }

  bool interest(const std::string& verb, const Words& words) {
    for (const std::string& form : forms(verb)) {
      if (form.size() != words.size()) {
        continue;
      }
      std::map<char, std::string> word;
      for (std::size_t at = 0; at < form.size(); ++at) {
        word[form[at]] = words[at];
      }
      const bool is_gone = verb.back() == '-';
      std::string line = is_gone ? "-" : "+";
      line += " <" + word['o'] + "> <" + word['a'] + "> <" + word['s'] + "> <" + word['q'] + ">";
      if (!is_gone) {
        const std::optional<long> weight =
            form.ends_with('w') ? size_of(word['w']) : std::optional<long>(1);
        if (!weight) {
          return end("argument error");
        }
        line += " " + std::to_string(*weight);
      }
      lines_.push_back(line);
      return true;
    }
    return end("argument error");
  }

  bool message(const std::string& verb, Words words) {
    const bool has_header = verb == "HMSG" || (verb == "LMSG" && is_route());
    const auto take_last = [&words]() {
      const std::string word = words.empty() ? "" : words.back();
      words.resize(words.empty() ? 0 : words.size() - 1);
      return word;
    };
    const auto take_first = [&words]() {
      const std::string word = words.empty() ? "" : words.front();
      words.erase(words.begin(), words.begin() + (words.empty() ? 0 : 1));
      return word;
    };
    const std::string total_text = take_last();
    const std::string header_text = has_header ? take_last() : "0";
    const std::string origin = verb == "LMSG" && is_route() ? take_first() : "";
    const std::string account = is_route() && setting_.has_account_token ? take_first() : "";
    const std::string subject = take_first();
    std::string reply;
    if (words.size() == 1) {
      reply = take_first();
    } else if (words.size() > 1) {
      const std::string sign = take_first();
      if (sign != "+" && sign != "|") {
        return end("argument error");
      }
      reply = sign == "+" ? take_first() : "";
    }
    const std::optional<long> total = size_of(total_text);
    const std::optional<long> header = size_of(header_text);
    if (subject.empty() || !total || !header || *header > *total) {
      return end("argument error");
    }
    std::string line = *header > 0 ? "HMSG <" : "MSG <";
    line += origin + "> <" + account + "> <" + subject + "> <" + reply + "> [";
    for (const std::string& queue : words) {
      line += " <" + queue + ">";
    }
    line += " ] <" + (reply.empty() ? "" : reply + " ");
    line += (*header > 0 ? header_text + " " : "") + total_text + "> <";
    return payload(line, *total);
  }

  bool payload(const std::string& line, long total) {
    if (setting_.limits.max_payload >= 0 && total > setting_.limits.max_payload) {
      return end("payload exceeded");
    }
    const std::size_t size = static_cast<std::size_t>(total);
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
    lines_.push_back(line + std::string(rest_.substr(0, size + 2)) + ">");
    rest_.remove_prefix(size + 2);
    return true;
  }

  std::string_view rest_;
  PeerSetting setting_;
  std::vector<std::string> lines_;
  bool ended_ = false;
};

}  // namespace

std::vector<std::string> read_peer_naively(std::string_view bytes, const PeerSetting& setting) {
  return Reading(bytes, setting).run();
}

}  // namespace rubus::test
