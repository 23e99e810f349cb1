// ShardHarness: drives a DurableShard by hand, one batch per call, virtual time.
//
// Connections are numbered from 1 in the order of opening. Outputs are obeyed as a shell would:
// sendable bytes are taken at once (unless a connection is told not to read), closes are answered.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/durable_shard.h"

namespace rubus::test {

class ShardHarness {
 public:
  explicit ShardHarness(const Options& options = default_options(), std::uint64_t seed = 1);
  ~ShardHarness();

  static Options default_options();

  int open();
  // A connection of another kind, accepted (no ticket) or dialed.
  int open_peer(ConnectionKind kind, DialTicket dial);
  // Sends `text` and returns what that connection received since the last take().
  std::string send(int client, std::string_view text);
  void send_only(int client, std::string_view text);
  std::string take(int client);
  bool is_closed(int client) const { return closed_.count(client) != 0; }
  void hang_up(int client);
  void stop_reading(int client) { not_reading_.insert(client); }
  // Lets time pass in steps of the engine's own wake-ups.
  void advance(Duration length);
  void reload(const Options& options);
  // Answers the oldest job that waits; false if there is none.
  bool finish_job(bool accepted);
  void step(std::vector<Input> inputs);

  DurableShard& shard() { return *shard_; }
  const std::vector<Job>& jobs() const { return jobs_; }
  const std::vector<LogLine>& logs() const { return logs_; }
  // What the shard asked for and nobody has answered yet; the test takes what it answers.
  std::vector<ResolveHost>& resolves() { return resolves_; }
  std::vector<DialPeer>& dials() { return dials_; }
  std::vector<StartTls>& tls() { return tls_; }
  static ConnectionId id_of(int client) { return {static_cast<std::uint32_t>(client), 1}; }
  bool is_paused(int client) const { return paused_.count(client) != 0; }
  bool is_finished() const { return finished_; }

  // The first INFO and the PONG after CONNECT are taken off.
  int connect(std::string_view json = R"({"verbose":false,"pedantic":false})");

 private:
  void flush(int client, std::vector<Input>& follow_up);

  std::unique_ptr<DurableShard> shard_;
  Instant now_{1'000'000'000};
  Output output_;
  int opened_ = 0;
  std::map<int, std::string> received_;
  std::set<int> closed_;
  std::set<int> not_reading_;
  std::set<int> paused_;
  std::vector<Job> jobs_;
  std::vector<LogLine> logs_;
  std::vector<ResolveHost> resolves_;
  std::vector<DialPeer> dials_;
  std::vector<StartTls> tls_;
  bool finished_ = false;
};

}  // namespace rubus::test
