// Example values of every kind of the seam, with no field left at its default.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/seam/input.h"
#include "engine/seam/input_codec.h"

namespace rubus::test {

inline Options full_options() {
  Options options;
  options.identity = {"NSERVER", "name",         "2.12.0", "abc1234",  "c++",
                      "XKEY",    "host.example", 4222,     "hash1234", {"host.example:4222"}};
  options.limits = {1000, -1, -5, 0, 7, 16, 3, seconds(3), 4, milliseconds(250)};
  options.authorization.token = "token";
  options.authorization.username = "single";
  options.authorization.password = std::string("nul\0inside", 10);
  User user{"alice", "$2a$04$hash", "UNKEY", "ACC", Permissions{}, 5};
  user.permissions->publish_allow = {"a.>", "b"};
  user.permissions->publish_deny = {"a.secret"};
  user.permissions->subscribe_allow = {"c queue"};
  user.permissions->subscribe_deny = {""};
  user.permissions->responses = ResponsePermission{-1, seconds(-1)};
  options.authorization.users = {user, User{}};
  options.authorization.no_auth_user = "alice";
  options.authorization.timeout = seconds(9);
  AccountOptions account;
  account.name = "ACC";
  account.stream_exports = {{"s.>", true, {"OTHER"}, 2}};
  account.service_exports = {{"r", ResponseType::chunked, true, {"OTHER"}, 1, seconds(5)}};
  account.stream_imports = {{"OTHER", "t", "u"}};
  account.service_imports = {{"OTHER", "v", "w", true}};
  account.mappings = {{"x", {{"y", 40, "C"}}}};
  account.limits = {1, 2, 3, 4};
  options.accounts = {account, AccountOptions{}};
  options.system_account = "SYS";
  options.tls = {TlsPolicy::optional, true, true, true, milliseconds(50), seconds(4)};
  options.trace = {true, true, true, 77};
  MonitorOptions& monitor = options.monitor;
  monitor.http_host = "0.0.0.0";
  monitor.http_port = 8222;
  monitor.https_port = 8223;
  monitor.http_base_path = "/base";
  monitor.config_load_time = {12345};
  monitor.config_digest = "sha256:00";
  monitor.write_timeout = "close";
  monitor.tls_cert_not_after = {67890};
  monitor.metrics_prefix = "gnatsd";
  monitor.metrics_prefix_jetstream = "jetstream";
  monitor.metrics_server_id = "pod-0";
  monitor.tags = {"a", "b"};
  monitor.metadata = {{"k", "v"}};
  options.cluster.name = "C";
  options.cluster.routes = {{"h", 6222, "u", "p", true}};
  options.cluster.import_filter = SubjectFilter{{"a"}, {"b"}};
  options.leaf.users = {{"u", "p", "N", "ACC"}};
  options.leaf.remotes.emplace_back().account = "ACC";
  options.shard = {1, 2};
  options.lame_duck_duration = seconds(1);
  options.lame_duck_grace_period = seconds(2);
  options.headers = false;
  options.fast_producer_stall = false;
  options.match_cache = false;
  return options;
}

inline std::shared_ptr<const ShardSnapshot> full_snapshot(const Address& address,
                                                          const TlsFacts& facts) {
  ShardSnapshot snapshot;
  snapshot.shard = 2;
  snapshot.counters.traffic = {1, 2, 3, 4};
  snapshot.counters.slow_leafs = 9;
  snapshot.counters.inputs = 11;
  ConnectionRecord record;
  record.number = {5};
  record.remote = address;
  record.stop = {77};
  record.reason = CloseReason{3};
  record.traffic = {5, 6, 7, 8};
  record.account = "ACC";
  record.is_leaf = true;
  record.tls_facts = std::make_shared<const TlsFacts>(facts);
  record.subscription_records = {{"a.>", "q", "1", 2, 3}};
  snapshot.open = {record, ConnectionRecord{}};
  snapshot.closed = {record};
  AccountRecord account;
  account.name = "ACC";
  account.routes = {1, 1, 2, 3};
  account.fanout_sum = 4;
  snapshot.accounts = {account};
  return std::make_shared<const ShardSnapshot>(snapshot);
}

// One of each kind of input; the bytes of the reads come from `pool`.
inline OwnedBatch full_batch(BlockPool& pool, std::string_view bytes) {
  const ConnectionId id{70000, 3};
  TlsFacts facts{"1.3", "TLS_AES", {"a@b"}, {"x.y", "z"}, "CN=a", "a", "00ff", "ff00"};
  MonitorQuestion question{"/connz", "sort=cid", {1, 2, 3, 4}, {{"/connz", 9}, {"/", 1}}};
  Address address{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}, 65535, true};
  OwnedBatch batch;
  batch.now = {1'000'000'000'000};
  batch.wall = {-5};
  batch.inputs.emplace_back(ConnectionOpened{
      id, address, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 255}, ConnectionKind::client, DialTicket{7}, 1});
  batch.inputs.emplace_back(BytesReceived{id, Slice::copy_of(pool, bytes)});
  batch.inputs.emplace_back(BytesSent{id, std::uint64_t{1} << 40U});
  batch.inputs.emplace_back(ConnectionClosed{id, CloseCause::tls_failed});
  batch.inputs.emplace_back(
      TlsChanged{id, TlsStage::established, std::make_shared<const TlsFacts>(facts)});
  batch.inputs.emplace_back(TlsChanged{id, TlsStage::absent, nullptr});
  batch.inputs.emplace_back(JobDone{{~std::uint64_t{0}}, true});
  batch.inputs.emplace_back(OptionsChanged{std::make_shared<const Options>(full_options())});
  batch.inputs.emplace_back(LameDuckRequested{});
  batch.inputs.emplace_back(ShutdownRequested{});
  batch.inputs.emplace_back(MonitorAsked{{17}, std::make_shared<const MonitorQuestion>(question)});
  batch.inputs.emplace_back(HostResolved{
      {5}, std::make_shared<const HostAddresses>(HostAddresses{{address}, "no such host"})});
  batch.inputs.emplace_back(
      DialFailed{{6}, std::make_shared<const DialTrouble>(DialTrouble{"connection refused"})});
  batch.inputs.emplace_back(ProcessSampled{{1, 2, 3, 4}});
  batch.inputs.emplace_back(SnapshotAsked{{18}, std::make_shared<const MonitorQuestion>(question)});
  batch.inputs.emplace_back(SnapshotTaken{{18}, 2, full_snapshot(address, facts)});
  batch.inputs.emplace_back(SnapshotTaken{{19}, 1, nullptr});
  batch.inputs.emplace_back(
      ReloadDone{std::make_shared<const ReloadTrouble>(ReloadTrouble{"bad file"})});
  batch.inputs.emplace_back(ReloadDone{nullptr});
  return batch;
}

inline std::string encoded(const InputBatch& batch, bool elides_payloads = false) {
  std::string bytes;
  BatchEncoder(elides_payloads).encode(batch, bytes);
  return bytes;
}

}  // namespace rubus::test
