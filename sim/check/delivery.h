// DeliveryCheck: compares what leaves the server, step by step, with what the model expects.
//
// It reads the bytes that newly wait on each connection (strictly, server_frames.h), lets the model
// apply what was handed in, and matches every frame with the first expected item of its cause.
// A frame that does not fit is named: duplicate, out of order (what is missing before it), changed,
// or not expected. Closes need a reason: something malformed, a full queue, a blocked write, lost
// pings, a missed login. At quiescence nothing may be left that was expected.
// It keeps the running digest of each connection's frames, to be compared with the client's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/model/pubsub_model.h"
#include "sim/sim_process.h"

namespace rubus::sim {

struct DeliveryCounts {
  std::uint64_t messages = 0;
  std::uint64_t frames = 0;
  std::uint64_t operations = 0;
  std::uint64_t closes = 0;
};

class DeliveryCheck {
 public:
  explicit DeliveryCheck(const Scenario& scenario);

  void on_opened(Serial serial, std::uint32_t client) { clients_[serial] = client; }
  // `connections`: the operations that each has said.
  void on_step(StepReport& report, std::map<Serial, std::unique_ptr<SimConnection>>& connections);
  void on_crash();
  // Everything has come to rest: nothing may be owed to an open connection.
  void check_nothing_owed();
  // What the client of `serial` has read so far must be a beginning of what left; all of it if
  // `is_all`.
  void check_received(Serial serial, std::uint64_t frames, std::uint64_t digest, bool is_all);

  std::vector<std::string>& violations() { return violations_; }
  const DeliveryCounts& counts() const { return counts_; }
  bool is_open(Serial serial);

 private:
  struct Stream {
    ServerFrames reader;
    std::vector<Frame> frames;           // of the step being judged
    std::vector<std::uint64_t> digests;  // after each frame
    Digest digest;
    std::uint32_t pings_owed = 0;  // PINGs of the server that are not answered
    bool has_stale_error = false;
    bool has_timeout_error = false;
    std::set<std::string> seen;  // sid/id of messages, to name duplicates
  };

  void read_fresh(StepReport& report);
  void apply(const Happening& happening, StepReport& report,
             std::map<Serial, std::unique_ptr<SimConnection>>& connections);
  void note_begun(const SimConnection& connection);
  void apply_bytes(const Happening& happening, StepReport& report, SimConnection& connection);
  void match(Serial serial, const Frame& frame, Instant now);
  bool take_expected(ModelSession& session, const Frame& frame);
  bool is_unsolicited(ModelSession& session, Stream& stream, const Frame& frame, Instant now);
  void judge_close(const ServerClose& close, Instant now);
  void name_misfit(ModelSession& session, Stream& stream, const Frame& frame);
  void violate(Serial serial, const std::string& what);

  Scenario scenario_;
  PubsubModel model_;
  std::map<Serial, Stream> streams_;
  std::map<Serial, std::uint32_t> clients_;
  std::set<std::string> observed_;  // serial/sid/id of the step being judged
  std::set<Serial> closed_now_;     // by the server, or the server was told of it
  std::set<Serial> cut_now_;        // by the server alone
  std::map<Serial, std::uint64_t> waiting_before_;
  std::vector<std::string> violations_;
  DeliveryCounts counts_;
};

// "m3-17;" at the front of a payload; empty if there is no mark.
std::string_view mark_of(std::string_view payload);

}  // namespace rubus::sim
