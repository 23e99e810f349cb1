#include "io/config_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "io/config_lexer.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

// What the parsers of one configuration share: the main file's, those of its includes, and those
// of environment values.
struct SharedParsing {
  const ConfigSource& source;
  std::vector<std::string> open_files;   // the chain of includes
  std::set<std::string> open_variables;  // environment values being parsed
  std::size_t includes = 0;
  std::size_t copies = 0;
};

constexpr std::uint64_t kilo = 1'000;
constexpr std::uint64_t kibi = 1'024;

std::optional<std::uint64_t> size_factor(std::string_view suffix) {
  static constexpr std::string_view letters = "kmgtpe";
  if (suffix.empty()) {
    return 1;
  }
  const std::size_t power = letters.find(suffix.front());
  const std::string_view rest = suffix.substr(1);
  if (power == std::string_view::npos ||
      !(rest.empty() || rest == "b" || rest == "i" || rest == "ib")) {
    return std::nullopt;
  }
  const std::uint64_t base = rest.empty() ? kilo : kibi;
  std::uint64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i) {
    factor *= base;
  }
  return factor;
}

std::size_t count_values(const ConfigValue& value) {
  std::size_t count = 1;
  for (const ConfigValue& item : value.items) {
    count += count_values(item);
  }
  for (const ConfigEntry& entry : value.entries) {
    count += count_values(entry.value);
  }
  return count;
}

ConfigTree parse_text(std::string_view text, const std::string& path, SharedParsing& shared);

// ---- one text -----------------------------------------------------------------------------------

class ConfigParser {
 public:
  ConfigParser(std::string_view text, const std::string& path, SharedParsing& shared)
      : lexer_(text), file_(std::make_shared<const std::string>(path)), shared_(shared) {
    contexts_.emplace_back();
  }

  ConfigTree parse();

 private:
  using Failure = std::optional<std::string>;

  // A map or array under construction. The index keeps large maps linear.
  struct Context {
    ConfigValue value;
    std::map<std::string, std::size_t, std::less<>> index;
  };

  struct PendingKey {
    std::string name;
    ConfigPlace place;
  };

  Failure on(ConfigToken token);
  Failure on_integer(ConfigToken token);
  Failure on_floating(const ConfigToken& token);
  Failure on_variable(const ConfigToken& token);
  Failure on_environment_variable(const ConfigToken& token);
  Failure on_include(const ConfigToken& token);
  Failure close_context(const ConfigToken& token);

  ConfigPlace place_of(const ConfigToken& token) const { return {file_, token.line, token.column}; }
  ConfigValue value_of(const ConfigToken& token, ConfigKind kind) const;
  Failure add(ConfigValue value);
  static void set(Context& map, std::string key, ConfigValue value);
  Failure add_copy(const ConfigValue& original, const ConfigToken& token);
  ConfigValue* find_variable(const std::string& name);

  ConfigLexer lexer_;
  std::shared_ptr<const std::string> file_;
  SharedParsing& shared_;
  std::vector<Context> contexts_;
  std::vector<PendingKey> keys_;
};

ConfigTree ConfigParser::parse() {
  TokenKind last = TokenKind::end;
  std::string last_key;
  while (true) {
    ConfigToken token = lexer_.next();
    if (token.kind == TokenKind::end) {
      // A lone "}" reads as a key; the reference lets that one pass.
      if (last == TokenKind::key && last_key != "}") {
        return {{}, "config is invalid (" + place_text(place_of(token)) + ")"};
      }
      ConfigTree tree;
      tree.root = std::move(contexts_.front().value);
      tree.root.place.file = file_;
      return tree;
    }
    last = token.kind;
    if (last == TokenKind::key) {
      last_key = token.text;
    }
    if (Failure failure = on(std::move(token))) {
      return {{}, std::move(failure)};
    }
  }
}

ConfigParser::Failure ConfigParser::on(ConfigToken token) {
  switch (token.kind) {
    case TokenKind::end:
      return std::nullopt;
    case TokenKind::error:
      return "Parse error on line " + std::to_string(token.line) + ": '" + token.text + "'";
    case TokenKind::key:
      keys_.push_back({token.text, place_of(token)});
      return std::nullopt;
    case TokenKind::text:
      return add(value_of(token, ConfigKind::text));
    case TokenKind::datetime:
      return add(value_of(token, ConfigKind::datetime));
    case TokenKind::boolean: {
      ConfigValue value = value_of(token, ConfigKind::boolean);
      const std::string word = lower_case(token.text);
      value.boolean = word == "true" || word == "yes" || word == "on";
      return add(std::move(value));
    }
    case TokenKind::integer:
      return on_integer(std::move(token));
    case TokenKind::floating:
      return on_floating(token);
    case TokenKind::variable:
      return on_variable(token);
    case TokenKind::include:
      return on_include(token);
    case TokenKind::array_begin:
    case TokenKind::map_begin:
      contexts_.emplace_back();
      contexts_.back().value.kind =
          token.kind == TokenKind::map_begin ? ConfigKind::map : ConfigKind::array;
      return std::nullopt;
    case TokenKind::array_end:
    case TokenKind::map_end:
      return close_context(token);
  }
  return std::nullopt;
}

ConfigValue ConfigParser::value_of(const ConfigToken& token, ConfigKind kind) const {
  ConfigValue value;
  value.kind = kind;
  value.text = token.text;
  value.place = place_of(token);
  return value;
}

ConfigParser::Failure ConfigParser::close_context(const ConfigToken& token) {
  // The file's own map is not opened by a token, so it cannot be closed by one.
  const ConfigKind closing = token.kind == TokenKind::map_end ? ConfigKind::map : ConfigKind::array;
  const bool value_missing = contexts_.size() == 1 || contexts_.back().value.kind != closing;
  if (value_missing) {
    return "Parse error on line " + std::to_string(token.line) + ": 'Expected a value.'";
  }
  ConfigValue value = std::move(contexts_.back().value);
  contexts_.pop_back();
  value.place = place_of(token);
  return add(std::move(value));
}

// ---- numbers ------------------------------------------------------------------------------------

ConfigParser::Failure ConfigParser::on_integer(ConfigToken token) {
  const std::string& text = token.text;
  std::size_t digits = text.find_first_not_of("-0123456789");
  digits = std::min(digits, text.size());
  std::int64_t number = 0;
  const std::from_chars_result result = std::from_chars(text.data(), text.data() + digits, number);
  if (result.ec == std::errc::result_out_of_range) {
    return "integer '" + text + "' is out of the range";
  }
  if (result.ec != std::errc() || result.ptr != text.data() + digits) {
    return "expected integer, but got '" + text + "'";
  }
  const std::optional<std::uint64_t> factor = size_factor(lower_case(text.substr(digits)));
  if (!factor) {
    // "1kbb": the reference accepts the word and loses the value. The key goes with it here.
    if (contexts_.back().value.kind == ConfigKind::map && !keys_.empty()) {
      keys_.pop_back();
    }
    return std::nullopt;
  }
  ConfigValue value = value_of(token, ConfigKind::integer);
  // Unsigned, because the product may exceed 64 bits and wraps around as in the reference.
  value.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) * *factor);
  value.text.clear();
  return add(std::move(value));
}

ConfigParser::Failure ConfigParser::on_floating(const ConfigToken& token) {
  ConfigValue value = value_of(token, ConfigKind::floating);
  const std::from_chars_result result =
      std::from_chars(token.text.data(), token.text.data() + token.text.size(), value.floating);
  if (result.ec != std::errc()) {
    return "float '" + token.text + "' is out of the range";
  }
  value.text.clear();
  return add(std::move(value));
}

// ---- variables ----------------------------------------------------------------------------------

ConfigValue* ConfigParser::find_variable(const std::string& name) {
  for (auto context = contexts_.rbegin(); context != contexts_.rend(); ++context) {
    const auto found = context->index.find(name);
    if (found != context->index.end()) {
      return &context->value.entries[found->second].value;
    }
  }
  return nullptr;
}

ConfigParser::Failure ConfigParser::add_copy(const ConfigValue& original,
                                             const ConfigToken& token) {
  shared_.copies += count_values(original);
  if (shared_.copies > config_copies_max) {
    return "variables on line " + std::to_string(token.line) + " expand to too many values";
  }
  ConfigValue copy = original;
  copy.place = place_of(token);
  copy.used_as_variable = false;
  return add(std::move(copy));
}

ConfigParser::Failure ConfigParser::on_variable(const ConfigToken& token) {
  if (token.text.substr(0, 3) == "2a$") {  // a bcrypt hash, written without quotes
    ConfigValue value = value_of(token, ConfigKind::text);
    value.text.insert(0, "$");
    return add(std::move(value));
  }
  if (ConfigValue* const known = find_variable(token.text)) {
    known->used_as_variable = true;
    return add_copy(*known, token);
  }
  return on_environment_variable(token);
}

ConfigParser::Failure ConfigParser::on_environment_variable(const ConfigToken& token) {
  const std::string reference =
      "variable reference for '" + token.text + "' on line " + std::to_string(token.line);
  const std::string unparsed = reference + " could not be parsed: ";
  if (shared_.open_variables.count(token.text) != 0 ||
      shared_.open_variables.size() > config_include_depth_max) {
    return unparsed + "variable reference cycle for '" + token.text + "'";
  }
  const std::optional<std::string> found =
      shared_.source.environment ? shared_.source.environment(token.text) : std::nullopt;
  if (!found) {
    return reference + " can not be found";
  }
  shared_.open_variables.insert(token.text);
  const ConfigTree tree = parse_text("pk=" + *found, "", shared_);
  shared_.open_variables.erase(token.text);
  if (tree.error) {
    return unparsed + *tree.error;
  }
  const ConfigValue* const value = tree.root.find("pk");
  if (value == nullptr) {
    return reference + " can not be found";
  }
  return add_copy(*value, token);
}

// ---- includes -----------------------------------------------------------------------------------

ConfigParser::Failure ConfigParser::on_include(const ConfigToken& token) {
  const std::string failed = "error parsing include file '" + token.text + "', ";
  const std::string path = include_path(*file_, token.text);
  std::vector<std::string>& chain = shared_.open_files;
  if (std::find(chain.begin(), chain.end(), path) != chain.end() ||
      chain.size() >= config_include_depth_max) {
    return failed + "include cycle";
  }
  if (++shared_.includes > config_includes_max) {
    return failed + "too many include files";
  }
  FileReading reading = shared_.source.read_file
                            ? shared_.source.read_file(path)
                            : FileReading{{}, "open " + path + ": no such file or directory"};
  if (reading.error) {
    return failed + *reading.error;
  }
  chain.push_back(path);
  ConfigTree tree = parse_text(reading.text, path, shared_);
  chain.pop_back();
  if (tree.error) {
    return failed + *tree.error;
  }
  if (contexts_.back().value.kind != ConfigKind::map) {
    return failed + "include is allowed in maps only";
  }
  for (ConfigEntry& entry : tree.root.entries) {
    set(contexts_.back(), std::move(entry.key), std::move(entry.value));
  }
  return std::nullopt;
}

// ---- the tree -----------------------------------------------------------------------------------

void ConfigParser::set(Context& map, std::string key, ConfigValue value) {
  const auto [place, added] = map.index.try_emplace(key, map.value.entries.size());
  if (added) {
    map.value.entries.push_back({std::move(key), std::move(value)});
  } else {
    map.value.entries[place->second].value = std::move(value);
  }
}

ConfigParser::Failure ConfigParser::add(ConfigValue value) {
  Context& context = contexts_.back();
  if (context.value.kind == ConfigKind::array) {
    context.value.items.push_back(std::move(value));
    return std::nullopt;
  }
  if (keys_.empty()) {
    return "Parse error on line " + std::to_string(value.place.line) + ": 'Expected a key.'";
  }
  PendingKey key = std::move(keys_.back());
  keys_.pop_back();
  value.place = std::move(key.place);
  set(context, std::move(key.name), std::move(value));
  return std::nullopt;
}

ConfigTree parse_text(std::string_view text, const std::string& path, SharedParsing& shared) {
  ConfigParser parser(text, path, shared);
  return parser.parse();
}

}  // namespace

ConfigTree parse_config_text(std::string_view text, const std::string& path,
                             const ConfigSource& source) {
  SharedParsing shared{source, {include_path("", path)}, {}, 0, 0};
  return parse_text(text, path, shared);
}

ConfigTree parse_config_file(const std::string& path, const ConfigSource& source) {
  const FileReading reading = source.read_file(path);
  if (reading.error) {
    return {{}, reading.error};
  }
  return parse_config_text(reading.text, path, source);
}

std::string include_path(std::string_view base, std::string_view relative) {
  const std::size_t slash = base.rfind('/');
  std::string joined(slash == std::string_view::npos ? std::string_view() : base.substr(0, slash));
  const bool absolute = slash == std::string_view::npos
                            ? relative.substr(0, 1) == "/" && base.empty()
                            : base[0] == '/';
  joined += '/';
  joined += relative;
  std::vector<std::string_view> parts;
  const std::string_view whole = joined;
  for (std::size_t begin = 0; begin <= whole.size();) {
    const std::size_t end = std::min(whole.find('/', begin), whole.size());
    const std::string_view part = whole.substr(begin, end - begin);
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part == ".." ? !absolute : (!part.empty() && part != ".")) {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string path = absolute ? "/" : "";
  for (const std::string_view part : parts) {
    path += (path.empty() || path == "/" ? "" : "/") + std::string(part);
  }
  return path.empty() ? "." : path;
}

}  // namespace rubus::io
