// JsonReader, append_json_string and merge_connect_options for arbitrary bytes.
//
// Laws: the reader accepts exactly the documents that the naive reader accepts and finds the same
// values in them; skipping a value and reading it end at the same place; what append_json_string
// writes reads back as the text with ill-formed UTF-8 repaired; CONNECT options accept only JSON
// objects and null, and accepting the same document twice changes nothing the second time.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "engine/base/json_reader.h"
#include "engine/base/text_number.h"
#include "engine/client/connect_options.h"
#include "fuzz/naive_json.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

void write_string(const std::string& value, std::string& text) {
  text.append("s").append(std::to_string(value.size())).append(":").append(value);
}

// Writes the value that comes next in the notation of the naive reader.
bool write_value(JsonReader& reader, std::string& text) {
  std::string string;
  bool truth = false;
  switch (reader.peek()) {
    case JsonKind::object:
      text.append("{");
      if (!reader.begin_object()) {
        return false;
      }
      while (reader.next_member(string)) {
        write_string(string, text);
        text.append(" ");
        if (!write_value(reader, text)) {
          return false;
        }
        text.append(" ");
      }
      text.append("}");
      return !reader.failed();
    case JsonKind::array:
      text.append("[");
      if (!reader.begin_array()) {
        return false;
      }
      while (reader.next_element()) {
        if (!write_value(reader, text)) {
          return false;
        }
        text.append(" ");
      }
      text.append("]");
      return !reader.failed();
    case JsonKind::string:
      if (!reader.read_string(string)) {
        return false;
      }
      write_string(string, text);
      return true;
    case JsonKind::number: {
      JsonReader as_integer = reader;
      std::int64_t value = 0;
      if (as_integer.read_integer(value)) {
        text.append("i");
        append_number(text, value);
      } else {
        text.append("n");
      }
      return reader.skip_value();
    }
    case JsonKind::boolean:
      if (!reader.read_boolean(truth)) {
        return false;
      }
      text.append(truth ? "true" : "false");
      return true;
    case JsonKind::null:
      text.append("null");
      return reader.read_null();
    case JsonKind::fault:
      return false;
  }
  return false;
}

// The naive notation with each number as the reader of integers sees it: "i5", or "n".
std::string with_integers(std::string_view notation) {
  std::string text;
  while (!notation.empty()) {
    const char kind = notation.front();
    if (kind == 's') {
      const std::size_t colon = notation.find(':');
      const std::size_t size = std::stoul(std::string(notation.substr(1, colon - 1)));
      text.append(notation.substr(0, colon + 1 + size));
      notation.remove_prefix(colon + 1 + size);
    } else if (kind == 'n' && !notation.starts_with("null")) {
      const std::size_t end = std::min(notation.find_first_of(" ]}"), notation.size());
      const std::string number(notation.substr(1, end - 1));
      errno = 0;
      const long long value = std::strtoll(number.c_str(), nullptr, 10);
      const bool whole = number.find_first_of(".eE") == number.npos && errno == 0;
      text.append(whole ? "i" + std::to_string(value) : "n");
      notation.remove_prefix(end);
    } else {
      // One word or bracket at a time, so that the 'n' of a word is no number.
      const std::size_t size = notation.starts_with("true") || notation.starts_with("null") ? 4
                               : notation.starts_with("false")                              ? 5
                                                                                            : 1;
      text.append(notation.substr(0, size));
      notation.remove_prefix(size);
    }
  }
  return text;
}

void judge_reader(std::string_view input, const std::optional<std::string>& naive) {
  JsonReader skipping(input);
  const bool skipped = skipping.skip_value() && skipping.at_end();
  law(skipped == naive.has_value(), "the reader accepts what the naive one accepts", input);
  JsonReader reading(input);
  std::string seen;
  const bool read = write_value(reading, seen) && reading.at_end();
  law(read == skipped, "reading and skipping accept the same", input);
  if (naive.has_value()) {
    const std::string wanted = with_integers(*naive);
    law(seen == wanted, "both readers find the same values", seen, wanted);
  }
}

void judge_writer(std::string_view input) {
  std::string json;
  append_json_string(json, input);
  const std::optional<std::string> naive = read_json_naively(json, 1);
  std::string wanted;
  write_string(repaired_utf8(input), wanted);
  law(naive.has_value() && *naive == wanted, "a written string reads back", json, wanted);
  law(json.find_first_of("<>&\n") == json.npos, "what browsers trip over is escaped", json);
}

auto all_of(const ConnectOptions& options) {
  const Credentials& given = options.credentials;
  return std::tie(options.verbose, options.pedantic, options.echo, options.headers,
                  options.no_responders, options.protocol, options.name, options.lang,
                  options.version, options.account, options.new_account, given.token,
                  given.username, given.password, given.nkey, given.signature);
}

void judge_connect(std::string_view input, const std::optional<std::string>& naive) {
  ConnectOptions once;
  if (!merge_connect_options(input, once)) {
    return;
  }
  law(naive.has_value() && (naive->starts_with("{") || *naive == "null"),
      "CONNECT takes objects and null", input);
  law(is_json_object(input), "CONNECT takes JSON objects", input);
  ConnectOptions twice = once;
  law(merge_connect_options(input, twice), "what was accepted is accepted again", input);
  law(all_of(once) == all_of(twice), "the same options again change nothing", input);
}

}  // namespace

void run_target(std::string_view input) {
  const std::optional<std::string> naive = read_json_naively(input, JsonReader::depth_max);
  judge_reader(input, naive);
  judge_writer(input);
  judge_connect(input, naive);
}

}  // namespace rubus::fuzz
