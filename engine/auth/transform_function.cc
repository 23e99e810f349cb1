#include "engine/auth/transform_function.h"

#include <array>
#include <limits>
#include <optional>

#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::string_view not_enough = "not enough arguments passed to the function";
constexpr std::string_view too_many = "too many arguments passed to the function";
constexpr std::string_view bad_argument = "function argument is invalid or in the wrong format";

struct Name {
  TransformKind kind;
  std::string_view words;  // a capital begins a word: either case is taken there
};

// In the order in which a token is tried.
constexpr std::array<Name, 10> names{{{TransformKind::wildcard, "Wildcard"},
                                      {TransformKind::partition, "Partition"},
                                      {TransformKind::split_from_left, "SplitFromLeft"},
                                      {TransformKind::split_from_right, "SplitFromRight"},
                                      {TransformKind::slice_from_left, "SliceFromLeft"},
                                      {TransformKind::slice_from_right, "SliceFromRight"},
                                      {TransformKind::right, "Right"},
                                      {TransformKind::left, "Left"},
                                      {TransformKind::split, "Split"},
                                      {TransformKind::random, "Random"}}};

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) {
    ++at;
  }
  return at;
}

bool starts_with_name(std::string_view text, std::string_view words) {
  if (text.size() < words.size()) {
    return false;
  }
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool begins_word = words[at] >= 'A' && words[at] <= 'Z';
    const char small = static_cast<char>(begins_word ? words[at] - 'A' + 'a' : words[at]);
    if (text[at] != words[at] && text[at] != small) {
      return false;
    }
  }
  return true;
}

// What stands between the parentheses of "{{ name ( … ) }}", which may begin anywhere in the token;
// the closing parenthesis is the last one that fits.
std::optional<std::string_view> arguments_of(std::string_view token, std::string_view words) {
  for (std::size_t start = token.find("{{"); start != std::string_view::npos;
       start = token.find("{{", start + 1)) {
    std::size_t at = skip_blanks(token, start + 2);
    if (!starts_with_name(token.substr(at), words)) {
      continue;
    }
    at = skip_blanks(token, at + words.size());
    if (at >= token.size() || token[at] != '(') {
      continue;
    }
    const std::size_t first = at + 1;
    const std::size_t line_end = token.find('\n', first);
    for (std::size_t close = token.rfind(')'); close != std::string_view::npos && close >= first;
         close = token.rfind(')', close - 1)) {
      const bool is_one_line = line_end == std::string_view::npos || line_end > close;
      if (is_one_line && token.substr(skip_blanks(token, close + 1), 2) == "}}") {
        return token.substr(first, close - first);
      }
    }
  }
  return std::nullopt;
}

// At commas; blanks behind a comma belong to it.
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(skip_blanks(text, comma + 1));
  }
}

std::optional<std::int64_t> read_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') {
    text.remove_prefix(1);
  }
  return parse_signed(text);
}

// A count that must not exceed 2^31 - 1; what lies below -2^31 wraps, as it does in nats-server.
std::optional<std::int32_t> read_count(std::string_view text) {
  const std::optional<std::int64_t> number = read_number(text);
  if (!number.has_value() || *number > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(*number));
}

class Reader {
 public:
  Reader(std::string_view token, TransformFunction& function, std::string& error)
      : token_(token), function_(function), error_(error) {}

  bool read(TransformKind kind, std::string_view arguments) {
    const std::vector<std::string_view> parts = split_arguments(arguments);
    function_.kind = kind;
    switch (kind) {
      case TransformKind::text:
        return false;
      case TransformKind::wildcard:
        return read_wildcard(parts);
      case TransformKind::partition:
        return read_partition(parts);
      case TransformKind::split:
        return read_split(parts);
      case TransformKind::random:
        return parts.size() == 1 ? take_count(parts[0]) : fail(not_enough);
      case TransformKind::split_from_left:
      case TransformKind::split_from_right:
      case TransformKind::slice_from_left:
      case TransformKind::slice_from_right:
      case TransformKind::right:
      case TransformKind::left:
        return read_wildcard_and_size(parts);
    }
    return false;
  }

 private:
  bool fail(std::string_view problem) {
    error_ = transform_error(problem, token_);
    return false;
  }

  bool take_wildcard(std::string_view text) {
    const std::optional<std::int64_t> number = read_number(text);
    if (!number.has_value()) {
      return fail(bad_argument);
    }
    function_.wildcards.push_back(*number);
    return true;
  }

  bool take_count(std::string_view text) {
    const std::optional<std::int32_t> count = read_count(text);
    if (!count.has_value()) {
      return fail(bad_argument);
    }
    function_.number = *count;
    return true;
  }

  bool read_wildcard(const std::vector<std::string_view>& parts) {
    if (parts.size() > 1) {
      return fail(too_many);
    }
    return parts[0].empty() ? fail(not_enough) : take_wildcard(parts[0]);
  }

  bool read_partition(const std::vector<std::string_view>& parts) {
    if (!take_count(parts[0])) {
      return false;
    }
    for (std::size_t at = 1; at < parts.size(); ++at) {
      if (!take_wildcard(parts[at])) {
        return false;
      }
    }
    return true;
  }

  bool read_wildcard_and_size(const std::vector<std::string_view>& parts) {
    if (parts.size() != 2) {
      return fail(parts.size() < 2 ? not_enough : too_many);
    }
    const std::optional<std::int64_t> size = read_number(parts[1]);
    if (!take_wildcard(parts[0])) {
      return false;
    }
    if (!size.has_value() || *size > std::numeric_limits<std::int32_t>::max() ||
        *size < std::numeric_limits<std::int32_t>::min()) {
      return fail(bad_argument);
    }
    function_.number = static_cast<std::int32_t>(*size);
    return true;
  }

  bool read_split(const std::vector<std::string_view>& parts) {
    if (parts.size() != 2) {
      return fail(parts.size() < 2 ? not_enough : too_many);
    }
    if (!take_wildcard(parts[0])) {
      return false;
    }
    if (parts[1].find_first_of(" .") != std::string_view::npos) {
      return fail(bad_argument);
    }
    function_.text = parts[1];
    return true;
  }

  std::string_view token_;
  TransformFunction& function_;
  std::string& error_;
};

}  // namespace

std::string transform_error(std::string_view problem, std::string_view token) {
  std::string text = "invalid mapping destination: ";
  text.append(problem);
  if (!token.empty()) {
    text.append(" in ").append(token);
  }
  return text;
}

bool looks_like_function(std::string_view token) {
  return token.size() > 4 && token.substr(0, 2) == "{{" && token.substr(token.size() - 2) == "}}";
}

bool names_function(std::string_view token) {
  for (const Name& name : names) {
    if (arguments_of(token, name.words).has_value()) {
      return true;
    }
  }
  return false;
}

bool read_transform_function(std::string_view token, TransformFunction& function,
                             std::string& error) {
  function = {};
  if (token.size() > 1 && token[0] == '$') {
    const std::string_view digits = token.substr(1);
    const bool is_padded = digits.front() == ' ' || digits.back() == ' ';
    const std::optional<std::int64_t> number = is_padded ? std::nullopt : read_number(digits);
    if (number.has_value()) {
      function.kind = TransformKind::wildcard;
      function.wildcards.push_back(*number);
      return true;
    }
  } else if (looks_like_function(token)) {
    for (const Name& name : names) {
      const std::optional<std::string_view> arguments = arguments_of(token, name.words);
      if (arguments.has_value()) {
        return Reader(token, function, error).read(name.kind, *arguments);
      }
    }
    error = transform_error("unknown function", token);
    return false;
  }
  function.text = token;
  return true;
}

}  // namespace rubus
