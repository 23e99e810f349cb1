// tls {}: of the client port, and, checked only, of every other block that may have one.
#include <algorithm>
#include <array>

#include "io/config_certificates.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view parsing = "error parsing tls config, ";

// Names the reference knows: Go's list. Those of the second list need
// allow_insecure_cipher_suites.
constexpr std::string_view secure_ciphers[] = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};

constexpr std::string_view insecure_ciphers[] = {
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
};

constexpr std::string_view curve_names[] = {"X25519", "CurveP256", "CurveP384", "CurveP521",
                                            "X25519MLKEM768"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

struct TlsReading {
  TlsFiles files;
  TlsOptions options;
  std::string certificate_file;
  std::string key_file;
  std::vector<std::pair<std::string, std::string>> pairs;
  bool allow_insecure = false;
  bool known_urls_allowed = false;  // the directive exists here
  std::vector<std::string> insecure;
};

void expect_file(const Field& field, std::string_view name, std::string& target) {
  if (field.value.kind != ConfigKind::text) {
    return field.error(std::string(parsing) + "expected '" + std::string(name) +
                       "' to be filename");
  }
  target = field.value.text;
}

void expect_bool(const Field& field, bool& target) {
  if (field.value.kind != ConfigKind::boolean) {
    return field.error(std::string(parsing) + "expected '" + field.lower_key() +
                       "' to be a boolean");
  }
  target = field.value.boolean;
}

// A non-empty array of strings.
std::vector<const ConfigValue*> expect_names(const Field& field) {
  std::vector<const ConfigValue*> names;
  if (field.value.kind != ConfigKind::array) {
    field.report.wrong_type(field.value, ConfigKind::array);
    return names;
  }
  if (field.value.items.empty()) {
    field.error(std::string(parsing) + "'" + field.lower_key() + "' cannot be empty");
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::text) {
      field.report.wrong_type(item, ConfigKind::text);
      continue;
    }
    names.push_back(&item);
  }
  return names;
}

void read_ciphers(TlsReading& tls, const Field& field) {
  for (const ConfigValue* name : expect_names(field)) {
    const bool insecure = is_one_of(insecure_ciphers, name->text);
    if (!insecure && !is_one_of(secure_ciphers, name->text)) {
      field.report.error(name->place, "unrecognized cipher " + name->text);
      continue;
    }
    tls.files.cipher_suites.push_back(name->text);
    if (insecure) {
      tls.insecure.push_back(name->text);
    }
  }
}

void read_curves(TlsReading& tls, const Field& field) {
  for (const ConfigValue* name : expect_names(field)) {
    if (!is_one_of(curve_names, name->text)) {
      field.report.error(name->place, "unrecognized curve preference " + name->text);
      continue;
    }
    tls.files.curve_preferences.push_back(name->text);
  }
}

void read_pinned(TlsReading& tls, const Field& field) {
  const std::string meaning = "hex-encoded sha256 of DER encoded SubjectPublicKeyInfo";
  if (field.value.kind != ConfigKind::array) {
    return field.error(std::string(parsing) + "expected 'pinned_certs' to be a list of " + meaning);
  }
  constexpr std::size_t digest_digits = 64;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::text) {
      field.report.wrong_type(item, ConfigKind::text);
      continue;
    }
    const std::string digest = lower_case(item.text);
    if (digest.size() != digest_digits ||
        digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
      field.report.error(item.place, std::string(parsing) + "'pinned_certs' key " + digest +
                                         " does not look like " + meaning);
      continue;
    }
    tls.files.pinned_certs.push_back(digest);
  }
}

void read_handshake_first(TlsReading& tls, const Field& field) {
  constexpr Duration automatic_fallback = milliseconds(50);
  tls.options.handshake_first_fallback = {};
  if (field.value.kind == ConfigKind::boolean) {
    tls.options.handshake_first = field.value.boolean;
    return;
  }
  if (field.value.kind != ConfigKind::text) {
    return field.error("field " + go_quote(field.key) + " should be a boolean or a string, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  const std::string word = lower_case(field.value.text);
  if (word == "false" || word == "off") {
    tls.options.handshake_first = false;
    return;
  }
  tls.options.handshake_first = true;
  if (word == "auto" || word == "auto_fallback") {
    tls.options.handshake_first_fallback = automatic_fallback;
  } else if (word != "true" && word != "on") {
    const DurationReading delay = parse_duration(field.value.text);
    if (delay.error) {
      return field.error("field " + go_quote(field.key) + "'s value " + go_quote(field.value.text) +
                         " is invalid");
    }
    tls.options.handshake_first_fallback = delay.value;
  }
}

void read_min_version(TlsReading& tls, const Field& field) {
  const auto complain = [&field](const std::string& text) {
    field.error("error parsing tls config: " + text);
  };
  if (field.value.kind != ConfigKind::text) {
    return complain("'min_version' wrong type: " + go_print(field.value));
  }
  const std::string& version = field.value.text;
  if (version == "1.0" || version == "1.1") {
    return complain("unsupported TLS version: TLS " + version);
  }
  if (version != "1.2" && version != "1.3") {
    return complain("unknown version: " + version);
  }
  tls.files.min_version = version;
}

void read_certificates(TlsReading& tls, const Field& field) {
  const std::string certificates = "error parsing certificates config: ";
  const auto wrong = [&certificates](ConfigKind kind) {
    return certificates + "unsupported type " + std::string(go_type_name(kind));
  };
  if (field.value.kind != ConfigKind::array) {
    return field.error(wrong(field.value.kind));
  }
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::map) {
      field.report.error(item.place, wrong(item.kind));
      continue;
    }
    std::pair<std::string, std::string> files;
    for (const ConfigEntry& entry : item.entries) {
      if (entry.value.kind != ConfigKind::text) {
        field.report.error(entry.value.place, wrong(entry.value.kind));
      } else if (entry.key == "cert_file") {
        files.first = entry.value.text;
      } else if (entry.key == "key_file") {
        files.second = entry.value.text;
      } else {
        field.report.unknown_field(entry.value.place,
                                   "error parsing tls certs config, unknown field ", entry.key, "",
                                   {"cert_file", "key_file"});
      }
    }
    if (files.first.empty() || files.second.empty()) {
      field.report.error(item.place,
                         certificates + "both 'cert_file' and 'cert_key' options are required");
      continue;
    }
    tls.pairs.push_back(std::move(files));
  }
}

void refuse_if_set(const Field& field) {
  const bool off = field.value.kind == ConfigKind::boolean && !field.value.boolean;
  if (!off) {
    field.refuse();
  }
}

constexpr Directive<TlsReading> tls_table[] = {
    {"cert_file",
     [](TlsReading& tls, const Field& field) {
       expect_file(field, "cert_file", tls.certificate_file);
     }},
    {"key_file",
     [](TlsReading& tls, const Field& field) { expect_file(field, "key_file", tls.key_file); }},
    {"ca_file",
     [](TlsReading& tls, const Field& field) { expect_file(field, "ca_file", tls.files.ca_file); }},
    {"certs certificates", read_certificates},
    {"insecure",  // of outgoing connections only
     [](TlsReading& tls, const Field& field) { expect_bool(field, tls.files.insecure); }},
    {"verify", [](TlsReading& tls, const Field& field) { expect_bool(field, tls.options.verify); }},
    {"verify_and_map",
     [](TlsReading& tls, const Field& field) { expect_bool(field, tls.options.map); }},
    {"verify_cert_and_check_known_urls",
     [](TlsReading& tls, const Field& field) {
       bool asked = false;
       expect_bool(field, asked);
       if (asked && tls.known_urls_allowed) {
         field.refuse();
       } else if (asked) {
         field.error("verify_cert_and_check_known_urls not supported in this context");
       }
     }},
    {"allow_insecure_cipher_suites",
     [](TlsReading& tls, const Field& field) { expect_bool(field, tls.allow_insecure); }},
    {"cipher_suites", read_ciphers},
    {"curve_preferences", read_curves},
    {"timeout",
     [](TlsReading& tls, const Field& field) {
       if (const std::optional<Duration> timeout = read_timeout(field, parsing)) {
         if (timeout->nanoseconds != 0) {
           tls.options.timeout = *timeout;
         }
       }
     }},
    {"connection_rate_limit",
     [](TlsReading&, const Field& field) {
       if (field.value.kind != ConfigKind::integer) {
         return field.error(std::string(parsing) + "'connection_rate_limit' wrong type");
       }
       if (field.value.integer != 0) {
         field.refuse();
       }
     }},
    {"pinned_certs", read_pinned},
    {"handshake_first first immediate", read_handshake_first},
    {"min_version", read_min_version},
    {"ocsp_peer", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
    {"cert_store", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
    {"cert_match_by", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
    {"cert_match", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
    {"ca_certs_match", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
    {"cert_match_skip_invalid", [](TlsReading&, const Field& field) { refuse_if_set(field); }},
};

std::optional<TlsReading> read_tls_block(const Field& field, bool known_urls_allowed) {
  if (field.value.kind != ConfigKind::map) {
    field.report.wrong_type(field.value, ConfigKind::map);
    return std::nullopt;
  }
  TlsReading tls;
  tls.known_urls_allowed = known_urls_allowed;
  const std::size_t errors_before = field.report.errors().size();
  read_map(tls_table, tls, field.value, field.report, field.source,
           {"error parsing tls config, unknown field "});
  if (field.report.errors().size() != errors_before) {
    return std::nullopt;
  }
  tls.files.present = true;
  tls.options.verify = tls.options.verify || tls.options.map;
  tls.files.certificates = std::move(tls.pairs);
  if (!tls.files.certificates.empty() && !tls.certificate_file.empty()) {
    field.error(std::string(parsing) + "cannot combine 'cert_file' option with 'certs' option");
    return std::nullopt;
  }
  if (!tls.certificate_file.empty() || !tls.key_file.empty()) {
    tls.files.certificates = {{tls.certificate_file, tls.key_file}};
  }
  if (!tls.insecure.empty() && !tls.allow_insecure) {
    std::string names;
    for (const std::string& name : tls.insecure) {
      names += (names.empty() ? "" : ", ") + name;
    }
    field.error(
        "insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: " +
        names);
    return std::nullopt;
  }
  if (const std::optional<std::string> error = tls_files_error(tls.files, field.source)) {
    field.error(*error);
    return std::nullopt;
  }
  return tls;
}

// The entry of a map that goes by one of these names, or the map itself.
Field entry_field(const Field& map, std::string_view names) {
  for (const ConfigEntry& entry : map.value.entries) {
    if (has_name(names, lowered(entry.key))) {
      return Field{entry.key, entry.value, map.report, map.source};
    }
  }
  return map;
}

}  // namespace

void read_tls(ConfigReading& reading, const Field& field) {
  const TlsPolicy policy = reading.config.engine.tls.policy;
  if (std::optional<TlsReading> tls = read_tls_block(field, false)) {
    reading.config.tls = std::move(tls->files);
    reading.config.engine.tls = tls->options;
    reading.config.engine.tls.policy = policy;  // decided at the end, with allow_non_tls
  }
}

std::optional<PeerTlsReading> read_peer_tls(const Field& field, TlsPlace place) {
  std::optional<TlsReading> tls = read_tls_block(field, place == TlsPlace::cluster);
  if (!tls) {
    return std::nullopt;
  }
  PeerTlsReading peer;
  peer.options.enabled = true;
  peer.options.timeout = tls->options.timeout;
  // Between routes each side shows a certificate, whatever is configured.
  peer.options.verify = place == TlsPlace::cluster || tls->options.verify;
  peer.options.handshake_first = place != TlsPlace::cluster && tls->options.handshake_first;
  if (place != TlsPlace::leaf_remote && tls->options.map) {
    entry_field(field, "verify_and_map").refuse();
  }
  if (place == TlsPlace::leaf_listener && tls->options.handshake_first_fallback != Duration{}) {
    entry_field(field, "handshake_first first immediate").refuse();
  }
  peer.files = std::move(tls->files);
  return peer;
}

void check_tls(Checked&, const Field& field) { read_tls_block(field, false); }

}  // namespace rubus::io
