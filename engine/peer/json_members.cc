#include "engine/peer/json_members.h"

#include "engine/base/text_number.h"

namespace rubus {

namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) {
    return false;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    const char low = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    if (low != lower[at]) {
      return false;
    }
  }
  return true;
}

bool read_into(JsonReader& reader, bool* place) { return reader.read_boolean(*place); }
bool read_into(JsonReader& reader, std::string* place) { return reader.read_string(*place); }
bool read_into(JsonReader& reader, std::int64_t* place) { return reader.read_integer(*place); }

bool read_into(JsonReader& reader, std::vector<std::string>* place) {
  place->clear();
  if (!reader.begin_array()) {
    return false;
  }
  std::string text;
  while (reader.next_element()) {
    if (!reader.read_string(text)) {
      return false;
    }
    place->push_back(text);
  }
  return !reader.failed();
}

bool read_into(JsonReader& reader, std::optional<SubjectFilter>* place) {
  SubjectFilter filter;
  if (!reader.begin_object()) {
    return false;
  }
  std::string key;
  while (reader.next_member(key)) {
    std::vector<std::string>* list = equals_ignoring_case(key, "allow")  ? &filter.allow
                                     : equals_ignoring_case(key, "deny") ? &filter.deny
                                                                         : nullptr;
    const bool is_read = reader.peek() == JsonKind::null ? reader.read_null()
                         : list == nullptr               ? reader.skip_value()
                                                         : read_into(reader, list);
    if (!is_read) {
      return false;
    }
  }
  *place = std::move(filter);
  return !reader.failed();
}

const JsonField* find_field(std::span<const JsonField> fields, std::string_view key) {
  for (const JsonField& field : fields) {
    if (equals_ignoring_case(key, field.key)) {
      return &field;
    }
  }
  return nullptr;
}

}  // namespace

void JsonMembers::name(std::string_view key) {
  json_.append(is_first_ ? "\"" : ",\"").append(key).append("\":");
  is_first_ = false;
}

void JsonMembers::text(std::string_view key, std::string_view value) {
  name(key);
  append_json_string(json_, value);
}

void JsonMembers::number(std::string_view key, std::int64_t value) {
  name(key);
  append_number(json_, value);
}

void JsonMembers::truth(std::string_view key, bool value) {
  name(key);
  json_.append(value ? "true" : "false");
}

void JsonMembers::texts(std::string_view key, std::span<const std::string> values) {
  name(key);
  json_.push_back('[');
  for (const std::string& value : values) {
    if (&value != values.data()) {
      json_.push_back(',');
    }
    append_json_string(json_, value);
  }
  json_.push_back(']');
}

void JsonMembers::filter(std::string_view key, const SubjectFilter& value) {
  name(key);
  JsonMembers members(json_);
  members.texts_if_any("allow", value.allow);
  members.texts_if_any("deny", value.deny);
  members.end();
}

void JsonMembers::text_if_set(std::string_view key, std::string_view value) {
  if (!value.empty()) {
    text(key, value);
  }
}

void JsonMembers::truth_if_set(std::string_view key, bool value) {
  if (value) {
    truth(key, true);
  }
}

void JsonMembers::texts_if_any(std::string_view key, std::span<const std::string> values) {
  if (!values.empty()) {
    texts(key, values);
  }
}

bool read_json_fields(std::string_view json, std::span<const JsonField> fields) {
  JsonReader reader(json);
  if (!reader.begin_object()) {
    return false;
  }
  std::string key;
  while (reader.next_member(key)) {
    const JsonField* field = find_field(fields, key);
    bool is_read = false;
    if (reader.peek() == JsonKind::null) {
      is_read = reader.read_null();
    } else if (field == nullptr) {
      is_read = reader.skip_value();
    } else {
      is_read =
          std::visit([&reader](auto* place) { return read_into(reader, place); }, field->place);
    }
    if (!is_read) {
      return false;
    }
  }
  return !reader.failed() && reader.at_end();
}

}  // namespace rubus
