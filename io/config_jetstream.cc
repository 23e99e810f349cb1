// jetstream {}, of the server and of an account: known in full and checked; not supported yet.
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

struct JetStreamBlock {
  Checked checked;
  ConfigReading* reading = nullptr;
  bool enabled = true;
};

void check_size(const Field& field, std::string_view name) {
  if (field.value.kind == ConfigKind::integer) {
    return;
  }
  if (field.value.kind != ConfigKind::text) {
    return field.error(std::string(name) + " must be int64 or string");
  }
  const IntegerReading size = parse_storage_size(field.value.text);
  if (size.error) {
    field.error(std::string(name) + " " + *size.error);
  }
}

void check_named_size(JetStreamBlock&, const Field& field) { check_size(field, field.lower_key()); }

void check_count(const Field& field) {
  if (field.value.kind != ConfigKind::integer) {
    field.error("Expected a parseable size for " + go_quote(field.key) + ", got " +
                go_print(field.value));
  }
}

void check_absolute(JetStreamBlock&, const Field& field) {
  if (field.value.kind != ConfigKind::integer || field.value.integer < 0) {
    field.error("Expected an absolute size for " + go_quote(field.key) + ", got " +
                go_print(field.value));
  }
}

void check_concurrency(JetStreamBlock&, const Field& field) {
  constexpr std::int64_t least = 4;
  constexpr std::int64_t most = 8192;
  if (field.value.kind != ConfigKind::integer || field.value.integer < least ||
      field.value.integer > most) {
    field.error("Expected an absolute size for " + go_quote(field.key) +
                " between 4 and 8192, got " + go_print(field.value));
  }
}

void check_cipher(const Field& field) {
  const std::optional<std::string> name = field.text();
  if (name && !has_name("chacha chachapoly aes", lower_case(*name))) {
    field.error("Unknown cipher type: " + go_quote(*name));
  }
}

void check_batch(Checked& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"max_inflight_per_stream", check_integer},
      {"max_inflight_total", check_integer},
      {"max_msgs", check_integer},
      {"timeout", check_text_duration},
  };
  if (expect_map(field, "Expected a map to define batch limits")) {
    read_map(table, block, field.value, field.report, field.source);
  }
}

void check_window(Checked&, const Field& field) {
  const std::optional<std::string> written = field.text();
  if (!written) {
    return;
  }
  const DurationReading window = parse_duration(*written);
  if (window.error) {
    field.report.error_without_place(*window.error);
  }
}

void check_limits(JetStreamBlock& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"max_ack_pending", check_integer},   {"max_ha_assets", check_integer},
      {"max_request_batch", check_integer}, {"default_max_consumers", check_integer},
      {"duplicate_window", check_window},   {"batch", check_batch},
  };
  if (expect_map(field, "Expected a map to define JetStreamLimits")) {
    read_map(table, block.checked, field.value, field.report, field.source);
  }
}

void check_tpm(JetStreamBlock& block, const Field& field) {
  static constexpr Directive<Checked> table[] = {
      {"keys_file", check_text},
      {"encryption_password", check_text},
      {"srk_password", check_text},
      {"pcr", check_integer},
      {"cipher", [](Checked&, const Field& cipher) { check_cipher(cipher); }},
  };
  if (expect_map(field, "Expected a map to define JetStreamLimits")) {
    read_map(table, block.checked, field.value, field.report, field.source);
  }
}

void check_any_text(JetStreamBlock&, const Field& field) { field.text(); }
void check_any_count(JetStreamBlock&, const Field& field) { check_count(field); }

constexpr Directive<JetStreamBlock> jetstream_table[] = {
    {"enabled enable",
     [](JetStreamBlock& block, const Field& field) { field.into(block.enabled); }},
    {"strict",
     [](JetStreamBlock&, const Field& field) {
       if (field.value.kind != ConfigKind::boolean) {
         field.error("Expected 'true' or 'false' for bool value, got '" + go_print(field.value) +
                     "'");
       }
     }},
    {"store_dir store storedir",
     [](JetStreamBlock& block, const Field& field) {
       if (block.reading->store_dir) {
         return field.error("Duplicate 'store_dir' configuration");
       }
       if (field.text()) {
         block.reading->store_dir = field.value.place;
       }
     }},
    {"sync_interval sync",
     [](JetStreamBlock&, const Field& field) {
       const bool always =
           field.value.kind == ConfigKind::text && lower_case(field.value.text) == "always";
       if (!always) {
         field.duration(field.key);
       }
     }},
    {"max_memory_store max_mem_store max_mem",
     [](JetStreamBlock&, const Field& field) { check_size(field, "max_mem_store"); }},
    {"max_file_store max_file",
     [](JetStreamBlock&, const Field& field) { check_size(field, "max_file_store"); }},
    {"domain", check_any_text},
    {"key ek encryption_key", check_any_text},
    {"prev_key prev_ek prev_encryption_key", check_any_text},
    {"cipher", [](JetStreamBlock&, const Field& field) { check_cipher(field); }},
    {"extension_hint", check_any_text},
    {"limits", check_limits},
    {"tpm", check_tpm},
    {"unique_tag", check_any_text},
    {"max_outstanding_catchup", check_named_size},
    {"max_buffered_size", check_named_size},
    {"max_buffered_msgs", check_any_count},
    {"request_queue_limit", check_any_count},
    {"info_queue_limit", check_any_count},
    {"meta_compact", check_absolute},
    {"meta_compact_size", check_named_size},
    {"meta_compact_sync", [](JetStreamBlock&, const Field& field) { field.boolean(); }},
    {"max_concurrent_io", check_concurrency},
};

// "enabled", "disabled": true, false; otherwise nothing, with a complaint.
std::optional<bool> enabling_word(const Field& field) {
  const std::string word = lower_case(field.value.text);
  if (has_name("enabled enable", word)) {
    return true;
  }
  if (has_name("disabled disable", word)) {
    return false;
  }
  field.error("Expected 'enabled' or 'disabled' for string value, got '" + field.value.text + "'");
  return std::nullopt;
}

// ---- the block of an account --------------------------------------------------------------------

void check_account_count(Checked&, const Field& field) { check_count(field); }

constexpr Directive<Checked> account_jetstream_table[] = {
    {"max_memory max_mem mem memory", check_account_count},
    {"max_file max_store max_disk store disk", check_account_count},
    {"max_streams streams", check_account_count},
    {"max_consumers consumers", check_account_count},
    {"max_bytes_required max_stream_bytes max_bytes",
     [](Checked&, const Field& field) {
       if (field.value.kind != ConfigKind::boolean) {
         field.error("Expected a parseable bool for " + go_quote(field.key) + ", got " +
                     go_print(field.value));
       }
     }},
    {"memory_max_stream_bytes mem_max_stream_bytes", check_account_count},
    {"disk_max_stream_bytes store_max_stream_bytes", check_account_count},
    {"max_ack_pending", check_account_count},
    {"cluster_traffic",
     [](Checked&, const Field& field) {
       if (field.value.kind != ConfigKind::text) {
         return field.error("Expected either 'system' or 'owner' string value for " +
                            go_quote(field.key) + ", got " + go_print(field.value));
       }
       if (!field.value.text.empty() && !has_name("system owner", field.value.text)) {
         field.error("Expected 'system' or 'owner' string value for " + go_quote(field.key) +
                     ", got " + go_print(field.value));
       }
     }},
};

}  // namespace

void read_jetstream(ConfigReading& reading, const Field& field) {
  bool enabled = false;
  if (field.value.kind == ConfigKind::boolean) {
    enabled = field.value.boolean;
  } else if (field.value.kind == ConfigKind::text) {
    enabled = enabling_word(field).value_or(false);
  } else if (expect_map(field, "Expected map, bool or string to define JetStream")) {
    JetStreamBlock block;
    block.reading = &reading;
    // The same word twice in one block is no duplicate: the parser kept the last.
    read_map(jetstream_table, block, field.value, field.report, field.source);
    enabled = block.enabled;
  }
  if (enabled) {
    field.refuse();
  }
}

bool check_account_jetstream(const Field& field) {
  if (field.value.kind == ConfigKind::boolean) {
    return field.value.boolean;
  }
  if (field.value.kind == ConfigKind::text) {
    return enabling_word(field).value_or(false);
  }
  if (!expect_map(field, "Expected map, bool or string to define JetStream")) {
    return false;
  }
  Checked checked;
  read_map(account_jetstream_table, checked, field.value, field.report, field.source);
  return true;
}

}  // namespace rubus::io
