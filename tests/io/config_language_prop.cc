// Laws of the configuration language: what is written is read back, whatever the layout; no bytes
// whatsoever break the parser or the reader.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "io/config_digest.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

// ---- a tree and its text ------------------------------------------------------------------------

ConfigValue leaf_of(int choice, std::int64_t number, const std::string& text) {
  ConfigValue value;
  switch (choice) {
    case 0:
      value.kind = ConfigKind::boolean;
      value.boolean = number % 2 == 0;
      break;
    case 1:
      value.kind = ConfigKind::integer;
      value.integer = number;
      break;
    case 2:
      value.kind = ConfigKind::floating;
      value.floating = static_cast<double>(number % 100'000) / 8 + 0.125;
      value.floating = value.floating < 0 ? -value.floating : value.floating;
      break;
    default:
      value.kind = ConfigKind::text;
      value.text = text;
      break;
  }
  return value;
}

ConfigValue arbitrary_map(int depth);

ConfigValue arbitrary_value(int depth) {
  const int choice = *rc::gen::inRange(0, depth > 0 ? 6 : 4);
  if (choice < 4) {
    return leaf_of(choice, *rc::gen::arbitrary<std::int64_t>(), *rc::gen::arbitrary<std::string>());
  }
  if (choice == 4) {
    ConfigValue value;
    value.kind = ConfigKind::array;
    const int size = *rc::gen::inRange(0, 4);
    for (int i = 0; i < size; ++i) {
      value.items.push_back(arbitrary_value(depth - 1));
    }
    return value;
  }
  return arbitrary_map(depth);
}

ConfigValue arbitrary_map(int depth) {
  ConfigValue value;
  value.kind = ConfigKind::map;
  const int size = *rc::gen::inRange(0, 5);
  for (int i = 0; i < size; ++i) {
    const std::string key =
        *rc::gen::container<std::string>(rc::gen::element('a', 'Z', '_', '.', '9', '-'));
    value.entries.push_back({"k" + std::to_string(i) + key, arbitrary_value(depth - 1)});
  }
  return value;
}

// One of the ways to write it; the choices are generated too.
std::string any_of(std::initializer_list<const char*> choices) {
  return *rc::gen::elementOf(std::vector<std::string>(choices.begin(), choices.end()));
}

std::string quoted(const std::string& text) {
  std::string written = "\"";
  for (const char letter : text) {
    constexpr char digits[] = "0123456789ABCDEF";
    const unsigned byte = static_cast<unsigned char>(letter);
    const bool plain = byte >= 0x20 && byte < 0x7F && letter != '"' && letter != '\\';
    if (plain) {
      written += letter;
    } else {
      written += std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
    }
  }
  return written + "\"";
}

std::string written(const ConfigValue& value, bool in_array);

std::string written_entries(const ConfigValue& map, bool at_top) {
  std::string text;
  for (const ConfigEntry& entry : map.entries) {
    const std::string key = any_of({"bare", "double", "single"});
    const std::string mark = key == "double" ? "\"" : (key == "single" ? "'" : "");
    text += any_of({"", "  ", "\n"}) + mark + entry.key + mark + any_of({": ", "=", " = ", ":\t"}) +
            written(entry.value, false) + any_of({"\n", " # end\n", "\r\n", ";\n", " , "});
    if (at_top) {
      text += any_of({"", "// remark\n", "# remark\n"});
    }
  }
  return text;
}

std::string written(const ConfigValue& value, bool in_array) {
  switch (value.kind) {
    case ConfigKind::boolean:
      return value.boolean ? any_of({"true", "yes", "on", "TRUE"}) : any_of({"false", "no", "Off"});
    case ConfigKind::integer:
      // Why the blank: "1]" is a word to the reference, so a number needs room before a bracket.
      return std::to_string(value.integer) + (in_array ? " " : "");
    case ConfigKind::floating:
      return go_print(value) + (go_print(value).find('.') == std::string::npos ? ".0 " : " ");
    case ConfigKind::text:
    case ConfigKind::datetime:
      return quoted(value.text);
    case ConfigKind::array: {
      std::string text = "[";
      for (const ConfigValue& item : value.items) {
        text += any_of({"", " ", "\n"}) + written(item, true) + any_of({",", " ,", "\n"});
      }
      return text + "]";
    }
    case ConfigKind::map:
      return "{" + written_entries(value, false) + "}";
  }
  return {};
}

RC_GTEST_PROP(ConfigLanguage, a_tree_written_in_any_layout_is_read_back, ()) {
  const ConfigValue tree = arbitrary_map(3);
  const std::string text = written_entries(tree, true);
  const MemoryWorld world;
  const ConfigTree read = parse_config_text(text, "f", world.source());
  RC_LOG() << text << "\n";
  RC_ASSERT(!read.error.has_value());
  RC_ASSERT(config_json(read.root) == config_json(tree));
}

// ---- no text is too strange ---------------------------------------------------------------------

const std::vector<std::string>& fragments() {
  static const std::vector<std::string> all = {"{",
                                               "}",
                                               "[",
                                               "]",
                                               "(",
                                               ")\n",
                                               "\n",
                                               "\r\n",
                                               " ",
                                               ":",
                                               "=",
                                               ",",
                                               ";",
                                               "#",
                                               "//",
                                               "\"",
                                               "'",
                                               "\\",
                                               "$",
                                               "$X",
                                               "include",
                                               "port",
                                               "tls",
                                               "users",
                                               "user",
                                               "password",
                                               "accounts",
                                               "authorization",
                                               "cluster",
                                               "jetstream",
                                               "4222",
                                               "-1",
                                               "1.5",
                                               "10s",
                                               "2020-01-02T03:04:05Z",
                                               "true",
                                               "mappings",
                                               "listen",
                                               "weight",
                                               "imports",
                                               "exports",
                                               "permissions",
                                               "publish",
                                               "websocket",
                                               "mqtt",
                                               "routes",
                                               "remotes",
                                               "server_tags",
                                               "http",
                                               "\xC3\xA9",
                                               "\xFF",
                                               std::string(1, '\0'),
                                               "\\x4",
                                               "1kbb",
                                               "ping_interval",
                                               "X"};
  return all;
}

RC_GTEST_PROP(ConfigLanguage, any_sequence_of_fragments_is_read_or_refused_with_a_reason, ()) {
  const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(fragments()));
  std::string text;
  for (const std::string& part : parts) {
    text += part;
  }
  const MemoryWorld world{{{"port", "include port\n"}}, {{"X", "$X"}, {"port", "1"}}};
  const ConfigOutcome outcome = read_config_text(text, "f", blank_config(), world.source());
  for (const std::string& error : outcome.errors) {
    RC_ASSERT(!error.empty());
  }
  const ConfigOutcome again = read_config_text(text, "f", blank_config(), world.source());
  RC_ASSERT(outcome.errors == again.errors);
  RC_ASSERT(outcome.warnings == again.warnings);
}

RC_GTEST_PROP(ConfigLanguage, any_bytes_are_read_or_refused_with_a_reason,
              (const std::vector<std::uint8_t>& bytes)) {
  const std::string text(bytes.begin(), bytes.end());
  const MemoryWorld world;
  const ConfigTree tree = parse_config_text(text, "f", world.source());
  RC_ASSERT(tree.error.value_or("none") != "");
}

RC_GTEST_PROP(ConfigLanguage, a_file_cut_short_anywhere_never_means_something_new_in_silence, ()) {
  // A cut may end inside a word, but every map that is open must be complained about.
  const std::string text = "authorization { users: [ {user: a, password: b} ], timeout: 1 }\n";
  const std::size_t size = *rc::gen::inRange<std::size_t>(16, text.size() - 2);
  const MemoryWorld world;
  const ConfigTree tree = parse_config_text(text.substr(0, size), "f", world.source());
  RC_ASSERT(tree.error.has_value());
}

}  // namespace
}  // namespace rubus::io
