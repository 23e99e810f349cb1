// The configuration language and its directives for arbitrary text.
//
// Input: files separated by 0x1E. The first is "fuzz.conf", the next ones "a.conf", "b.conf" and so
// on, for includes and for every other directive that names a file. Laws: nothing throws or
// crashes; tokens are at most as many as bytes; the tree is bounded and every node knows its line;
// complaints name file and line; the same text gives the same outcome; a configuration may replace
// itself.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "io/config_lexer.h"
#include "io/config_parser.h"
#include "io/config_reader.h"
#include "io/config_reload.h"
#include "io/config_start_checks.h"

namespace rubus::fuzz {

namespace {

constexpr std::string_view main_path = "fuzz.conf";

io::ConfigSource source_of(const std::vector<std::string_view>& files) {
  io::ConfigSource source;
  source.read_file = [files](const std::string& path) -> io::FileReading {
    for (std::size_t at = 1; at < files.size() && at <= 26; ++at) {
      const std::string name = std::string(1, static_cast<char>('a' + at - 1)) + ".conf";
      if (path == name) {
        return {std::string(files[at]), std::nullopt};
      }
    }
    if (path == main_path) {
      return {std::string(files[0]), std::nullopt};
    }
    return {{}, "open " + path + ": no such file or directory"};
  };
  source.environment = [](const std::string& name) -> std::optional<std::string> {
    constexpr std::array<std::array<std::string_view, 2>, 5> known = {{{"TPORT", "4777"},
                                                                       {"TSTR", "foo.bar"},
                                                                       {"TCYC", "$TCYC"},
                                                                       {"TMAP", "{a: 1, b: $TSTR}"},
                                                                       {"TEMPTY", ""}}};
    for (const auto& [key, value] : known) {
      if (name == key) {
        return std::string(value);
      }
    }
    return std::nullopt;
  };
  return source;
}

void judge_tokens(std::string_view text) {
  io::ConfigLexer lexer(text);
  std::int64_t line = 1;
  for (std::size_t count = 0;; ++count) {
    // An end for each open brace may follow the last byte.
    law(count <= 2 * text.size() + 2, "tokens are bounded by the bytes", text);
    const io::ConfigToken token = lexer.next();
    if (token.kind == io::TokenKind::end) {
      return;
    }
    law(token.line >= 1, "a token stands on a line", token.text);
    if (token.kind == io::TokenKind::error) {
      law(!token.text.empty(), "an error has words", text);
      return;
    }
    line = std::max(line, token.line);
    law(line <= 1 + std::count(text.begin(), text.end(), '\n'), "no line is beyond the text", text);
  }
}

std::size_t judge_node(const io::ConfigValue& node) {
  law(node.place.file != nullptr && node.place.line >= 1, "every node has a place", node.text);
  law(!io::go_type_name(node.kind).empty(), "every kind has a name");
  std::size_t nodes = 1;
  for (const io::ConfigValue& item : node.items) {
    nodes += judge_node(item);
  }
  for (const io::ConfigEntry& entry : node.entries) {
    law(node.find(entry.key) == &entry.value, "a key is in its map once", entry.key);
    nodes += judge_node(entry.value);
  }
  return nodes;
}

bool names_a_line(std::string_view complaint) {
  const std::size_t colon = complaint.find(".conf:");
  return colon != complaint.npos && colon + 6 < complaint.size() && complaint[colon + 6] >= '1' &&
         complaint[colon + 6] <= '9';
}

void judge_tree(std::string_view text, const io::ConfigSource& source, std::size_t bytes) {
  const io::ConfigTree tree = io::parse_config_text(text, std::string(main_path), source);
  law(tree.root.kind == io::ConfigKind::map, "a file is a map");
  if (tree.error.has_value()) {
    law(!tree.error->empty(), "a refusal has words", text);
    return;
  }
  std::size_t nodes = 1;
  for (const io::ConfigEntry& entry : tree.root.entries) {
    nodes += judge_node(entry.value);
  }
  law(nodes <= 64 * bytes + 64 + 2 * io::config_copies_max, "the tree is bounded");
  law(!io::go_print(tree.root).empty(), "a tree prints as something");
}

bool same(const io::ConfigOutcome& one, const io::ConfigOutcome& other) {
  return one.errors == other.errors && one.warnings == other.warnings &&
         one.remarks == other.remarks && one.config.client.port == other.config.client.port &&
         one.config.config_digest == other.config.config_digest &&
         one.config.engine.limits.max_payload == other.config.engine.limits.max_payload;
}

}  // namespace

void run_target(std::string_view input) {
  std::vector<std::string_view> files;
  ByteSource bytes(input);
  do {
    files.push_back(bytes.text_until('\x1E'));
  } while (!bytes.is_empty());
  const io::ConfigSource source = source_of(files);
  const std::string path(main_path);

  judge_tokens(files[0]);
  judge_tree(files[0], source, input.size());
  const io::ServerConfig blank = io::blank_config();
  io::ConfigOutcome outcome = io::read_config_text(files[0], path, blank, source);
  law(same(outcome, io::read_config_text(files[0], path, blank, source)),
      "the same text gives the same outcome");
  for (const std::string& error : outcome.errors) {
    law(!error.empty(), "an error has words");
  }
  for (const std::string& remark : outcome.remarks) {
    law(names_a_line(remark), "a remark names file and line", remark);
  }
  if (!outcome.errors.empty()) {
    return;
  }
  io::complete_config(outcome.config);
  for (const std::string& warning : io::start_warnings(outcome.config)) {
    law(!warning.empty(), "a warning has words");
  }
  if (!io::start_refusal(outcome.config).has_value()) {
    const std::optional<std::string> refusal = io::reload_refusal(outcome.config, outcome.config);
    law(!refusal.has_value(), "a configuration may replace itself", refusal.value_or(""));
  }
}

}  // namespace rubus::fuzz
