// SystemRequest: what a $SYS.REQ message asks for, read from its subject and its JSON options.
//
// Options become the parameters of the monitoring document that answers; the filter says whether
// this server is meant at all. Reading decides nothing about the answer.
// Source: monitoring.md, "$SYS requests".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine_context.h"

namespace rubus {

enum class SystemZone : std::uint8_t {
  idz,
  statsz,
  varz,
  subsz,
  connz,
  routez,
  gatewayz,
  leafz,
  accountz,
  accstatz,
  jsz,
  healthz,
  ipqueuesz,
  raftz,
  account_info,
  account_conns,
  account_jsz,
  reload,
  kick,
  lame_duck,
  user_info,
  count_subscribers,
  account_subscribers,
  remote_statsz,
  remote_shutdown,
};

// A subject that is listened for. In it "<id>" stands for the server's id.
struct SystemSubject {
  std::string_view subject;
  SystemZone zone = SystemZone::idz;
  bool in_every_shard = false;  // who is concerned answers
};

std::span<const SystemSubject> system_subjects();

struct SystemOptions {
  std::string query;      // of the document, percent-encoded
  std::string fault;      // not empty: the JSON is wrong
  bool is_meant = true;   // by its filter
  std::uint64_t cid = 0;  // of kick and lame_duck
  bool has_subject_filter = false;
  std::string account;  // of account_subscribers
  std::string subject;
  std::string queue;
};

SystemOptions read_options(const EngineContext& context, SystemZone zone, std::string_view json);

// Adds a parameter; the value is encoded.
void add_parameter(std::string& query, std::string_view name, std::string_view value);

// The path of the document that answers; empty: none does.
std::string_view path_of(SystemZone zone);

}  // namespace rubus
