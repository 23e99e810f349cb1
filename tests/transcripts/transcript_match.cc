#include "tests/transcripts/transcript_match.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace rubus::transcript {
namespace {

enum class PieceKind { literal, characters, either, optional_level, optional_key };

enum class Alphabet { digits, base32, base64, printable, json, time };

struct Piece {
  PieceKind kind;
  std::string text;  // literal bytes, or the placeholder's name
  Alphabet alphabet;
  std::vector<std::string> choices;  // either
};

struct Placeholder {
  std::string_view name;
  Alphabet alphabet;
};

constexpr std::array<Placeholder, 12> placeholders = {{
    {"server_id", Alphabet::base32},
    {"client_id", Alphabet::digits},
    {"nonce", Alphabet::base64},
    {"version", Alphabet::printable},
    {"git_commit", Alphabet::printable},
    {"go", Alphabet::printable},
    {"port", Alphabet::digits},
    {"xkey", Alphabet::base32},
    {"reply", Alphabet::printable},
    {"rtt", Alphabet::digits},
    {"time", Alphabet::time},
    {"info", Alphabet::json},
}};

bool is_in(Alphabet alphabet, char c) {
  const bool digit = c >= '0' && c <= '9';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool lower = c >= 'a' && c <= 'z';
  switch (alphabet) {
    case Alphabet::digits:
      return digit;
    case Alphabet::base32:
      return upper || (c >= '2' && c <= '7');
    case Alphabet::base64:
      return upper || lower || digit || c == '-' || c == '_';
    case Alphabet::printable:
      return c > ' ' && c < 127 && c != '"';
    case Alphabet::time:
      return digit || upper || c == '-' || c == ':' || c == '.' || c == '+';
    case Alphabet::json:
      return c != '\r' && c != '\n';
  }
  return false;
}

bool starts_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

std::vector<std::string> split_at(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

// `{name}` or `{one|other}` at the beginning of text.
std::optional<Piece> placeholder_at(std::string_view text) {
  const std::size_t end = text.find('}');
  if (text.empty() || text[0] != '{' || end == std::string_view::npos)
    return std::nullopt;
  const std::string_view name = text.substr(1, end - 1);
  if (name.find('|') != std::string_view::npos && name.find('"') == std::string_view::npos) {
    return Piece{PieceKind::either, std::string(name), Alphabet::printable, split_at(name, '|')};
  }
  for (const Placeholder& placeholder : placeholders) {
    if (placeholder.name == name) {
      return Piece{PieceKind::characters, std::string(name), placeholder.alphabet, {}};
    }
  }
  return std::nullopt;
}

std::size_t digits_at(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_in(Alphabet::digits, text[count]))
    ++count;
  return count;
}

constexpr std::string_view level_key = ",\"api_lvl\":";
constexpr std::string_view xkey_key = ",\"xkey\":\"";
constexpr std::string_view xkey_whole = ",\"xkey\":\"{xkey}\"";

// The part of an INFO line that a server may leave out. Returns how much of the pattern it is.
std::size_t optional_at(std::string_view pattern, std::vector<Piece>& pieces) {
  if (starts_with(pattern, level_key)) {
    const std::size_t digits = digits_at(pattern.substr(level_key.size()));
    if (digits == 0)
      return 0;
    pieces.push_back({PieceKind::optional_level, {}, Alphabet::digits, {}});
    return level_key.size() + digits;
  }
  if (starts_with(pattern, xkey_whole)) {
    pieces.push_back({PieceKind::optional_key, {}, Alphabet::base32, {}});
    return xkey_whole.size();
  }
  return 0;
}

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  const bool is_info = starts_with(pattern, "INFO ");
  while (!pattern.empty()) {
    std::size_t used = is_info ? optional_at(pattern, pieces) : 0;
    if (used == 0) {
      if (std::optional<Piece> piece = placeholder_at(pattern)) {
        used = pattern.find('}') + 1;
        pieces.push_back(*std::move(piece));
      }
    }
    if (used == 0) {
      if (pieces.empty() || pieces.back().kind != PieceKind::literal) {
        pieces.push_back({PieceKind::literal, {}, Alphabet::printable, {}});
      }
      pieces.back().text.push_back(pattern[0]);
      used = 1;
    }
    pattern.remove_prefix(used);
  }
  return pieces;
}

// Backtracking over few pieces; `text` is one frame.
class PatternMatch {
 public:
  PatternMatch(std::vector<Piece> pieces, int connection, Bindings& bindings)
      : pieces_(std::move(pieces)), connection_(connection), bindings_(bindings) {}

  bool from(std::size_t piece, std::string_view text) {
    if (piece == pieces_.size())
      return text.empty();
    const Piece& wanted = pieces_[piece];
    switch (wanted.kind) {
      case PieceKind::literal:
        return starts_with(text, wanted.text) && from(piece + 1, text.substr(wanted.text.size()));
      case PieceKind::characters:
        return characters(wanted, piece, text);
      case PieceKind::either:
        return std::any_of(
            wanted.choices.begin(), wanted.choices.end(), [&](const std::string& choice) {
              return starts_with(text, choice) && from(piece + 1, text.substr(choice.size()));
            });
      case PieceKind::optional_level:
        return from(piece + 1, text.substr(level_length(text)));
      case PieceKind::optional_key:
        return from(piece + 1, text.substr(key_length(text)));
    }
    return false;
  }

 private:
  bool characters(const Piece& wanted, std::size_t piece, std::string_view text) {
    std::size_t longest = 0;
    while (longest < text.size() && is_in(wanted.alphabet, text[longest]))
      ++longest;
    for (std::size_t length = longest; length > 0; --length) {
      const Bindings before = bindings_;
      if (bindings_.bind(connection_, wanted.text, text.substr(0, length)) &&
          from(piece + 1, text.substr(length))) {
        return true;
      }
      bindings_ = before;
    }
    return false;
  }

  static std::size_t level_length(std::string_view text) {
    if (!starts_with(text, level_key))
      return 0;
    return level_key.size() + digits_at(text.substr(level_key.size()));
  }

  static std::size_t key_length(std::string_view text) {
    if (!starts_with(text, xkey_key))
      return 0;
    const std::size_t end = text.find('"', xkey_key.size());
    return end == std::string_view::npos ? 0 : end + 1;
  }

  std::vector<Piece> pieces_;
  int connection_;
  Bindings& bindings_;
};

bool is_verb(std::string_view line, std::string_view verb) { return starts_with(line, verb); }

// The payload length a MSG or HMSG line announces.
std::optional<std::size_t> payload_length(std::string_view line) {
  const std::size_t blank = line.rfind(' ');
  std::size_t length = 0;
  const std::string_view number = line.substr(blank + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), length);
  if (error != std::errc{} || end != number.data() + number.size())
    return std::nullopt;
  return length;
}

// What two deliveries of one message have in common: all but the subscription id.
std::string message_of(const Frame& frame) {
  const std::size_t line_end = frame.bytes.find("\r\n");
  std::vector<std::string> words = split_at(std::string_view(frame.bytes).substr(0, line_end), ' ');
  if (words.size() > 2)
    words.erase(words.begin() + 2);
  std::string message;
  for (const std::string& word : words)
    message += word + ' ';
  return message + frame.bytes.substr(line_end);
}

}  // namespace

bool Bindings::bind(int connection, std::string_view name, std::string_view value) {
  std::string key;
  if (name == "server_id") {
    key = "server_id";
  } else if (name == "nonce" || name == "client_id") {
    key = std::string(name) + std::to_string(connection);
  } else if (name == "reply") {
    values_["reply"] = value;
    return true;
  } else {
    return true;
  }
  return values_.emplace(key, value).first->second == value;
}

std::optional<std::string> Bindings::find(int connection, std::string_view name) const {
  const bool is_of_all = name == "reply";
  const auto found =
      values_.find(std::string(name) + (is_of_all ? "" : std::to_string(connection)));
  if (found == values_.end())
    return std::nullopt;
  return found->second;
}

bool matches_pattern(std::string_view pattern, std::string_view text, int connection,
                     Bindings& bindings) {
  return PatternMatch(pieces_of(pattern), connection, bindings).from(0, text);
}

std::vector<Frame> take_frames(std::string& bytes) {
  std::vector<Frame> frames;
  std::size_t at = 0;
  while (true) {
    const std::size_t line_end = bytes.find("\r\n", at);
    if (line_end == std::string::npos)
      break;
    const std::string_view line = std::string_view(bytes).substr(at, line_end - at);
    FrameKind kind = line == "PING" ? FrameKind::ping : FrameKind::other;
    std::size_t end = line_end + 2;
    if (is_verb(line, "MSG ") || is_verb(line, "HMSG ")) {
      kind = FrameKind::delivery;
      const std::optional<std::size_t> length = payload_length(line);
      if (length)
        end += *length + 2;
      else if (line.back() == '}')
        end = bytes.size();  // expected, with the length left open: it ends where all ends
      if (end > bytes.size())
        break;
    }
    frames.push_back({kind, bytes.substr(at, end - at)});
    at = end;
  }
  bytes.erase(0, at);
  return frames;
}

void Inbox::add(std::string_view bytes) {
  partial_ += bytes;
  std::vector<Frame> frames = take_frames(partial_);
  std::move(frames.begin(), frames.end(), std::back_inserter(frames_));
}

std::string Inbox::all() const {
  std::string bytes;
  for (const Frame& frame : frames_)
    bytes += frame.bytes;
  return bytes + partial_;
}

std::optional<std::string> Inbox::first_unexpected() const {
  for (const Frame& frame : frames_) {
    if (frame.kind != FrameKind::ping)
      return frame.bytes;
  }
  if (!partial_.empty())
    return partial_;
  return std::nullopt;
}

Progress Inbox::out_of_frames(const std::string& expected) {
  mismatch_ = {expected, partial_ + (ended_ ? "[end of stream]" : "[nothing more]")};
  return ended_ ? Progress::mismatched : Progress::need_more;
}

Progress Inbox::match_one(const Frame& expected, std::size_t& at, Bindings& bindings) {
  if (expected.kind != FrameKind::ping) {
    while (at < frames_.size() && frames_[at].kind == FrameKind::ping)
      ++at;
  }
  if (at == frames_.size())
    return out_of_frames(expected.bytes);
  if (!matches_pattern(expected.bytes, frames_[at].bytes, connection_, bindings)) {
    mismatch_ = {expected.bytes, frames_[at].bytes};
    return Progress::mismatched;
  }
  ++at;
  return Progress::matched;
}

// The `count` deliveries beginning with `first` carry one message; each must arrive, in any order.
Progress Inbox::match_deliveries(const Frame* first, std::size_t count, std::size_t& at,
                                 Bindings& bindings) {
  std::vector<const Frame*> missing;
  for (std::size_t i = 0; i < count; ++i)
    missing.push_back(first + i);
  while (!missing.empty()) {
    while (at < frames_.size() && frames_[at].kind == FrameKind::ping)
      ++at;
    if (at == frames_.size())
      return out_of_frames(missing.front()->bytes);
    const auto found = std::find_if(missing.begin(), missing.end(), [&](const Frame* frame) {
      return matches_pattern(frame->bytes, frames_[at].bytes, connection_, bindings);
    });
    if (found == missing.end()) {
      mismatch_ = {missing.front()->bytes, frames_[at].bytes};
      return Progress::mismatched;
    }
    missing.erase(found);
    ++at;
  }
  return Progress::matched;
}

Progress Inbox::match(const Expect& expect, Bindings& bindings) {
  std::string pattern = expect.pattern;
  const std::vector<Frame> wanted = take_frames(pattern);
  if (!pattern.empty()) {
    mismatch_ = {expect.pattern, "[the expectation is not whole frames; is a length wrong?]"};
    return Progress::mismatched;
  }
  Bindings trial = bindings;
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size();) {
    std::size_t run = 1;
    if (wanted[i].kind == FrameKind::delivery) {
      const std::string message = message_of(wanted[i]);
      while (i + run < wanted.size() && wanted[i + run].kind == FrameKind::delivery &&
             message_of(wanted[i + run]) == message) {
        ++run;
      }
    }
    const Progress progress =
        run == 1 ? match_one(wanted[i], at, trial) : match_deliveries(&wanted[i], run, at, trial);
    if (progress != Progress::matched)
      return progress;
    i += run;
  }
  if (expect.end_of_stream) {
    while (at < frames_.size() && frames_[at].kind == FrameKind::ping)
      ++at;
    if (at < frames_.size() || !partial_.empty()) {
      mismatch_ = {"[end of stream]", at < frames_.size() ? frames_[at].bytes : partial_};
      return Progress::mismatched;
    }
    if (!ended_) {
      mismatch_ = {"[end of stream]", "[nothing more]"};
      return Progress::need_more;
    }
  }
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(at));
  bindings = trial;
  return Progress::matched;
}

std::string shown(std::string_view bytes) {
  constexpr std::size_t longest = 600;
  std::string text;
  for (const char c : bytes.substr(0, longest)) {
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c >= ' ' && c < 127) {
      text.push_back(c);
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      const auto value = static_cast<unsigned char>(c);
      text += "\\x";
      text.push_back(digits[value / 16]);
      text.push_back(digits[value % 16]);
    }
  }
  if (bytes.size() > longest)
    text += " ... (" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

}  // namespace rubus::transcript
