// Members of the one-line JSON objects that peers greet each other with: written in order, read
// by name.
//
// Reading follows Go's decoder: keys without regard to case, unknown keys ignored, null leaves a
// value as it is; a known key with a value of another type is a fault. The control line bounds the
// whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/json_reader.h"
#include "engine/seam/options.h"

namespace rubus {

class JsonMembers {
 public:
  // Writes the braces around the members that follow.
  explicit JsonMembers(std::string& json) : json_(json) { json_.push_back('{'); }
  void end() { json_.push_back('}'); }

  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::int64_t value);
  void truth(std::string_view key, bool value);
  void texts(std::string_view key, std::span<const std::string> values);
  void filter(std::string_view key, const SubjectFilter& value);

  void text_if_set(std::string_view key, std::string_view value);
  void truth_if_set(std::string_view key, bool value);
  void texts_if_any(std::string_view key, std::span<const std::string> values);

 private:
  void name(std::string_view key);

  std::string& json_;
  bool is_first_ = true;
};

using JsonPlace = std::variant<bool*, std::string*, std::int64_t*, std::vector<std::string>*,
                               std::optional<SubjectFilter>*>;

struct JsonField {
  std::string_view key;  // in lower case
  JsonPlace place;
};

// False: not a JSON object, or a known key has a value of the wrong type; the places may then be
// half written.
bool read_json_fields(std::string_view json, std::span<const JsonField> fields);

}  // namespace rubus
