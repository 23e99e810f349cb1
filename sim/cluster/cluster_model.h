// ClusterModel: what clients of a cluster may and must be told. Shares no code with engine/.
//
// At once, on each message that a client reads (always true, whatever is broken):
//   it was published, in the account and on the subject that the subscription wants, unchanged;
//   once per subscription; at most one member of a queue group in the whole cluster; never across
//   servers that must not know each other; in order of its publisher's subject, unless the path
//   was disturbed in between; a 503 only to who asked for it.
// At the end of the run, by looking back (calm.h says when a path was undisturbed):
//   a subscription that was there in good time before a publish and stayed has its message;
//   a queue group all of whose members were such has given it to exactly one; so has a group whose
//   members all sit on the publisher's shard, if one of them stayed, whoever else came or went;
//   a 503 was told if nobody at all can have been interested, and was not if somebody surely was.
// Rules: client_protocol.md §2 to §11, cluster_protocol.md C.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/cluster/calm.h"
#include "sim/cluster/wire.h"
#include "sim/scenario.h"
#include "sim/server_frames.h"

namespace rubus::sim {

struct ClusterCounts {
  std::uint64_t messages = 0;       // read by clients
  std::uint64_t published = 0;      // handed to a server
  std::uint64_t across = 0;         // read on another node than published
  std::uint64_t owed = 0;           // deliveries that had to be, and were looked for
  std::uint64_t group_owed = 0;     // the same of queue groups
  std::uint64_t no_responders = 0;  // 503 read
  std::uint64_t silence_owed = 0;   // publishes that had to be answered with 503
};

// May two servers form a cluster?
enum class Relation : std::uint8_t { joined, apart, unclear };

class ClusterModel {
 public:
  ClusterModel(const Scenario& scenario, const Calm& calm, Duration settle, Duration flight);

  void on_connected(const Wire& wire, const ConnectWish& wish, Instant now);
  void on_lost(WireNumber wire, Instant now);
  void on_server_closed(WireNumber wire, Instant now);
  // The client does not read, or its link does not carry, in this time.
  void on_unsteady(WireNumber wire, Instant from, Instant to);
  void on_said(WireNumber wire, const ClientOperation& operation, Instant now);
  void on_handed_in(WireNumber wire, const ClientOperation& operation, Instant now);
  void on_frame(WireNumber wire, const Frame& frame, Instant now);
  void judge(Instant end);

  // Has the server a reason to end this connection?
  bool may_be_closed(WireNumber wire, Instant now) const;
  bool is_logged_in(WireNumber wire) const;
  Relation relation(std::uint32_t one, std::uint32_t other) const;
  const ClusterCounts& counts() const { return counts_; }
  std::vector<std::string> violations;

 private:
  struct Session {
    WireNumber wire = 0;
    std::uint32_t client = 0;
    std::uint32_t node = 0;
    std::uint32_t shard = 0;
    Instant opened;
    Instant lost = Instant::never();
    ConnectWish wish;
    const ScenarioUser* user = nullptr;  // null: nobody, or refused
    std::string account;
    bool is_refused = false;
    bool has_spoken_badly = false;  // and the server has heard it
    bool is_speaking_badly = false;
    std::vector<std::pair<Instant, Instant>> unsteady;
    std::uint64_t published = 0;
  };
  struct Interest {
    Session* session = nullptr;
    std::string sid;
    std::string subject;
    std::string queue;
    Instant since;
    Instant until = Instant::never();  // its client said so, or was lost
    Instant gone = Instant::never();   // its server knows
    bool is_limited = false;           // UNSUB with a maximum
    bool is_ambiguous = false;         // its sid may still mean an earlier one with a maximum
    bool is_allowed = true;
    std::map<std::pair<WireNumber, std::string>, std::pair<std::uint64_t, std::uint64_t>>
        newest;  // publisher and subject → number, generation
  };
  struct Message {
    Session* session = nullptr;
    ClientOperation operation;
    Instant at;
    std::uint64_t number = 0;  // of its connection
    bool is_valid = true;
    std::uint64_t refusals = 0;  // 503 read
    std::map<const Interest*, std::uint64_t> taken;
    std::map<std::string, std::uint64_t> groups;
  };

  bool has_twin(std::uint32_t node) const;
  Session* find(WireNumber wire);
  const Session* find(WireNumber wire) const;
  void log_in(Session& session);
  void add_interest(Session& session, const ScenarioStep& step, Instant now);
  bool is_bad(const Session& session, const ClientOperation& operation) const;
  void end_interest(Session& session, const ScenarioStep& step, Instant now, bool is_known);
  void add_message(Session& session, const ClientOperation& operation, Instant now);
  void on_message(Session& session, const Frame& frame, Instant now);
  void on_no_responders(Session& session, const Frame& frame);
  Interest* interest_for(Session& session, const Frame& frame);
  void check_form(const Session& session, const Message& message, const Frame& frame);
  void check_order(Interest& interest, const Message& message);
  void judge_message(Message& message, Instant end);
  void judge_group(Message& message, const std::string& queue,
                   const std::vector<const Interest*>& members, Instant end);
  void judge_silence(Message& message, bool is_somebody_sure, bool is_somebody_possible,
                     Instant end);
  bool concerns(const Message& message, const Interest& interest) const;
  // Surely there when the message was published, and steady until it must have come.
  bool is_sure(const Message& message, const Interest& interest, Instant end) const;
  // Cannot have been known to the publisher's server.
  bool is_surely_gone(const Message& message, const Interest& interest) const;
  bool is_steady(const Session& session, Instant from, Instant to) const;
  void violate(const Session& session, const std::string& what);

  const Scenario& scenario_;
  const Calm& calm_;
  Duration settle_;
  Duration flight_;
  std::map<WireNumber, Session> sessions_;
  std::deque<Interest> interests_;
  std::deque<Message> messages_;
  std::map<std::string, Message*, std::less<>> by_id_;
  ClusterCounts counts_;
};

}  // namespace rubus::sim
