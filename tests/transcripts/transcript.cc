#include "tests/transcripts/transcript.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace rubus::transcript {
namespace {

using std::chrono::milliseconds;

struct NumberedLine {
  std::size_t number;
  std::string_view text;
};

std::vector<NumberedLine> split_lines(std::string_view text) {
  std::vector<NumberedLine> lines;
  std::size_t number = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back({number++, text.substr(0, end)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return std::nullopt;
}

// Turns `{a*4094}` into that many characters. Returns how many characters of text it used.
std::size_t take_run(std::string_view text, std::string& into) {
  if (text.size() < 5 || text[0] != '{' || text[2] != '*')
    return 0;
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos)
    return 0;
  const std::optional<std::size_t> count = whole_number<std::size_t>(text.substr(3, end - 3));
  if (!count)
    return 0;
  into.append(*count, text[1]);
  return end + 1;
}

// One escape sequence at the beginning of text; 0 = not an escape we know.
std::size_t take_escape(std::string_view text, std::string& into) {
  if (text.size() < 2)
    return 0;
  switch (text[1]) {
    case 'n':
      into.push_back('\n');
      return 2;
    case 'r':
      into.push_back('\r');
      return 2;
    case 't':
      into.push_back('\t');
      return 2;
    case '\\':
      into.push_back('\\');
      return 2;
    case 'x': {
      if (text.size() < 4)
        return 0;
      const std::optional<int> high = hex_digit(text[2]);
      const std::optional<int> low = hex_digit(text[3]);
      if (!high || !low)
        return 0;
      into.push_back(static_cast<char>(*high * 16 + *low));
      return 4;
    }
    default:
      return 0;
  }
}

// The bytes a line stands for, CR LF included unless it ends in `\c`.
std::optional<std::string> bytes_of_line(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text == "\\c")
      return bytes;
    std::size_t used = 0;
    if (text[0] == '\\') {
      used = take_escape(text, bytes);
      if (used == 0)
        return std::nullopt;
    } else {
      used = take_run(text, bytes);
    }
    if (used == 0) {
      bytes.push_back(text[0]);
      used = 1;
    }
    text.remove_prefix(used);
  }
  return bytes + "\r\n";
}

std::string replaced_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

std::string configuration_lines(std::string_view joined) {
  return replaced_all(std::string(joined), " ; ", "\n") + "\n";
}

struct Word {
  std::string_view word;
  std::string_view rest;
};

Word first_word(std::string_view text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  return {text.substr(0, end), text.substr(std::min(end + 1, text.size()))};
}

std::optional<milliseconds> duration_of(std::string_view text) {
  if (text.size() < 3 || text.substr(text.size() - 2) != "ms")
    return std::nullopt;
  const std::optional<int> count = whole_number<int>(text.substr(0, text.size() - 2));
  if (!count)
    return std::nullopt;
  return milliseconds(*count);
}

enum class Takes { nothing, text, configuration, duration, count_and_text };

struct Directive {
  std::string_view word;
  ActionKind kind;
  Takes takes;
};

constexpr std::array<Directive, 13> directives = {{
    {"reload", ActionKind::reload, Takes::configuration},
    {"signal", ActionKind::signal, Takes::text},
    {"exits", ActionKind::exits, Takes::text},
    {"tls", ActionKind::tls, Takes::nothing},
    {"tls_refused", ActionKind::tls_refused, Takes::nothing},
    {"refused", ActionKind::refused, Takes::nothing},
    {"bytewise", ActionKind::bytewise, Takes::nothing},
    {"pass", ActionKind::pass, Takes::duration},
    {"quiet", ActionKind::quiet, Takes::duration},
    {"stop_reading", ActionKind::stop_reading, Takes::nothing},
    {"read_to_end", ActionKind::read_to_end, Takes::nothing},
    {"send_repeated", ActionKind::send_repeated, Takes::count_and_text},
    {"monitor", ActionKind::monitor, Takes::text},
}};

std::optional<Action> action_of(int connection, std::string_view text) {
  const Word head = first_word(text);
  const std::string_view rest = head.rest;
  const auto* const found = std::find_if(directives.begin(), directives.end(),
                                         [&](const Directive& d) { return d.word == head.word; });
  if (found == directives.end())
    return std::nullopt;
  Action action{found->kind, connection, {}, milliseconds(0), 0};
  switch (found->takes) {
    case Takes::nothing:
      if (!rest.empty())
        return std::nullopt;
      return action;
    case Takes::text:
      if (rest.empty())
        return std::nullopt;
      action.argument = std::string(rest);
      return action;
    case Takes::configuration:
      action.argument = configuration_lines(rest);
      return action;
    case Takes::duration: {
      const std::optional<milliseconds> duration = duration_of(rest);
      if (!duration)
        return std::nullopt;
      action.duration = *duration;
      return action;
    }
    case Takes::count_and_text: {
      const auto [number, line] = first_word(rest);
      const std::optional<std::size_t> count = whole_number<std::size_t>(number);
      const std::optional<std::string> bytes = bytes_of_line(line);
      if (!count || !bytes || line.empty())
        return std::nullopt;
      action.count = *count;
      action.argument = *bytes;
      return action;
    }
  }
  return std::nullopt;
}

// `C> x`, `S12< x`, `!3 x` taken apart.
struct Prefix {
  char side;
  int connection;
  std::string_view rest;
};

std::optional<Prefix> prefix_of(std::string_view line) {
  const char side = line[0];
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos)
    return std::nullopt;
  std::string_view number = line.substr(1, blank - 1);
  if (side != '!') {
    const char arrow = side == 'C' ? '>' : '<';
    if (number.empty() || number.back() != arrow)
      return std::nullopt;
    number.remove_suffix(1);
  }
  const std::optional<int> connection = number.empty() ? 1 : whole_number<int>(number);
  if (!connection || *connection < 1)
    return std::nullopt;
  return Prefix{side, *connection, line.substr(blank + 1)};
}

class Parser {
 public:
  ParseOutcome parse(std::string_view text);

 private:
  std::optional<std::string> take_header(const std::vector<NumberedLine>& lines);
  std::optional<std::string> take_line(const NumberedLine& line);
  std::optional<std::string> take_client_line(const NumberedLine& line, const Prefix& prefix);
  std::optional<std::string> take_server_line(const NumberedLine& line, const Prefix& prefix);
  void add(const NumberedLine& line, StepWhat what);

  Transcript result_;
  std::string remark_;
  bool remark_is_new_ = false;  // a remark between two lines of one side begins a new step
  std::set<int> heard_;         // connections the server has spoken to
  // The connection whose last words nothing has been seen to follow from.
  std::optional<int> unanswered_;
};

std::optional<std::string> Parser::take_header(const std::vector<NumberedLine>& lines) {
  constexpr std::string_view with = "# server: config: ";
  constexpr std::string_view without = "# server: no configuration";
  if (lines.size() < 2)
    return "the two heading lines are missing";
  const std::string_view first = lines[0].text;
  if (first.substr(0, with.size()) == with) {
    result_.configuration = configuration_lines(first.substr(with.size()));
  } else if (first != without) {
    return "first line must be '# server: config: ...' or '# server: no configuration'";
  }
  if (lines[1].text.substr(0, 2) != "# ")
    return "second line must say what is shown";
  result_.title = std::string(lines[1].text.substr(2));
  return std::nullopt;
}

void Parser::add(const NumberedLine& line, StepWhat what) {
  result_.steps.push_back({line.number, remark_, std::move(what)});
  remark_is_new_ = false;
}

std::optional<std::string> Parser::take_client_line(const NumberedLine& line,
                                                    const Prefix& prefix) {
  const std::optional<std::string> bytes = bytes_of_line(prefix.rest);
  if (!bytes)
    return "unknown escape sequence";
  if (unanswered_ && *unanswered_ != prefix.connection) {
    return "connection " + std::to_string(*unanswered_) +
           " got no answer yet, so the order against this line is left to chance; "
           "give it a PING and a PONG";
  }
  unanswered_ = prefix.connection;
  Say* last = result_.steps.empty() ? nullptr : std::get_if<Say>(&result_.steps.back().what);
  if (last != nullptr && last->connection == prefix.connection && !remark_is_new_) {
    last->bytes += *bytes;
  } else {
    add(line, Say{prefix.connection, *bytes});
  }
  return std::nullopt;
}

std::optional<std::string> Parser::take_server_line(const NumberedLine& line,
                                                    const Prefix& prefix) {
  const bool ends = prefix.rest == "\\eof";
  const std::optional<std::string> bytes = ends ? std::string() : bytes_of_line(prefix.rest);
  if (!bytes)
    return "unknown escape sequence";
  // The greeting of a new connection answers nobody.
  if (!heard_.insert(prefix.connection).second)
    unanswered_.reset();
  Expect* last = result_.steps.empty() ? nullptr : std::get_if<Expect>(&result_.steps.back().what);
  if (last != nullptr && last->connection == prefix.connection) {
    if (last->end_of_stream)
      return "the server cannot speak after the end of the stream";
    last->pattern += *bytes;
    last->end_of_stream = ends;
  } else {
    add(line, Expect{prefix.connection, *bytes, ends});
  }
  return std::nullopt;
}

std::optional<std::string> Parser::take_line(const NumberedLine& line) {
  if (line.text.empty())
    return "an empty line has no meaning";
  if (line.text[0] == '#') {
    remark_ = std::string(line.text.substr(std::min<std::size_t>(2, line.text.size())));
    remark_is_new_ = true;
    return std::nullopt;
  }
  const std::optional<Prefix> prefix = prefix_of(line.text);
  if (!prefix)
    return "neither 'C> ', 'S< ', '! ' nor '#'";
  switch (prefix->side) {
    case 'C':
      return take_client_line(line, *prefix);
    case 'S':
      return take_server_line(line, *prefix);
    case '!': {
      std::optional<Action> action = action_of(prefix->connection, prefix->rest);
      if (!action)
        return "unknown directive, or a wrong argument";
      unanswered_.reset();
      add(line, *std::move(action));
      return std::nullopt;
    }
    default:
      return "neither 'C> ', 'S< ', '! ' nor '#'";
  }
}

ParseOutcome Parser::parse(std::string_view text) {
  const std::vector<NumberedLine> lines = split_lines(text);
  if (std::optional<std::string> problem = take_header(lines))
    return ParseFailure{1, *problem};
  for (std::size_t i = 2; i < lines.size(); ++i) {
    if (std::optional<std::string> problem = take_line(lines[i])) {
      return ParseFailure{lines[i].number, *problem};
    }
  }
  if (result_.steps.empty())
    return ParseFailure{lines.size(), "nothing happens"};
  return std::move(result_);
}

bool has_action(const Transcript& transcript, std::initializer_list<ActionKind> kinds) {
  return std::any_of(transcript.steps.begin(), transcript.steps.end(), [&](const Step& step) {
    const Action* action = std::get_if<Action>(&step.what);
    return action != nullptr && std::find(kinds.begin(), kinds.end(), action->kind) != kinds.end();
  });
}

}  // namespace

bool Transcript::asks_monitor() const { return has_action(*this, {ActionKind::monitor}); }

bool Transcript::uses_tls() const {
  return has_action(*this, {ActionKind::tls, ActionKind::tls_refused});
}

ParseOutcome parse_transcript(std::string_view text) { return Parser().parse(text); }

}  // namespace rubus::transcript
