// PubsubModel: who must be told what, and in which order. The oracle of core messaging.
//
// It is told what reached the server, in the order of the inputs: operations whose last byte was
// handed in, opened and closed connections, answered password checks. From that it derives, for
// each connection, the exact frames that must leave the server. Frames caused by one connection
// reach another in the order of their causes; between causes of different connections, and among
// the subscriptions that one message matches, the protocol promises no order and none is asked.
// Free choices (member of a queue group, subscription of a 503) are read from what was observed and
// checked to be one of the allowed ones. Smallest correct thing: maps, strings, no speed.
// Shares no code with engine/. Rules: client_protocol.md §2 to §11.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "sim/scenario.h"
#include "sim/server_frames.h"
#include "sim/sim_client.h"

namespace rubus::sim {

// Connections are counted from 1 over the whole run; a number is never used again.
using Serial = std::uint32_t;

// One frame that must leave; several allowed forms if the server may choose.
struct ExpectedFrame {
  std::vector<std::string> any_of;
  bool is_prefix = false;  // INFO: only the beginning is known
};

// What one cause must bring to one connection: all frames, in any order among themselves.
struct ExpectedItem {
  std::string name;  // for people: "m3-17;" or "PONG"
  std::vector<ExpectedFrame> frames;
  bool is_optional = false;  // its receiver or its other takers were closed in the same step
};

struct ModelSubscription {
  std::string subject;
  std::string queue;
  std::int64_t max = 0;
  std::int64_t delivered = 0;
};

struct ModelSession {
  Serial serial = 0;
  std::uint32_t client = 0;
  bool is_open = true;
  bool has_connected = false;  // CONNECT, or a login without one
  bool has_pinged = false;     // after it
  bool is_login_pending = false;
  bool is_logged_in = false;
  bool must_close = false;    // in the step in which this became true
  bool may_close = false;     // something malformed has begun to arrive
  bool is_odd_begun = false;  // a pedantic complaint may come before the end of a PUB
  bool is_odd_told = false;   // and has come
  const ScenarioUser* user = nullptr;
  ConnectWish wish;
  std::map<std::string, ModelSubscription> subscriptions;
  struct Response {
    std::int64_t uses = 0;
    Instant since;
  };
  std::map<std::string, Response> responses;
  std::deque<ClientOperation> held;                     // arrived while the login was pending
  std::map<Serial, std::deque<ExpectedItem>> expected;  // by cause
  std::uint64_t expected_bytes = 0;
  Instant opened_at;
};

class PubsubModel {
 public:
  explicit PubsubModel(const Scenario& scenario);

  void on_opened(Serial serial, std::uint32_t client, Instant now);
  void on_closed(Serial serial);
  // Some bytes of `operation` have arrived, maybe not all.
  void on_begun(Serial serial, const ClientOperation& operation);
  void on_operation(Serial serial, const ClientOperation& operation, Instant now);
  void on_login_answered(Serial serial, bool is_accepted, Instant now);
  void on_crash();

  // Was message `id` seen leaving on `serial` for `sid` in the step that is being judged?
  std::function<bool(Serial, std::string_view sid, std::string_view id)> is_observed;
  // Did the server close `serial` in the step that is being judged?
  std::function<bool(Serial)> is_closed_now;

  // Did the server of its own accord? Then it may have left the rest of its input aside.
  std::function<bool(Serial)> is_cut_now;
  // How much waited for it before the step that is being judged.
  std::function<std::uint64_t(Serial)> waiting_before;

  ModelSession* find(Serial serial);
  bool needs_login() const { return !scenario_.users.empty() || !scenario_.token.empty(); }
  std::map<Serial, ModelSession>& sessions() { return sessions_; }
  // What the model itself found wrong, e.g. a queue group of which nobody got a message.
  std::vector<std::string>& violations() { return violations_; }

 private:
  struct Candidate {
    ModelSession* session;
    std::string sid;
  };

  bool must_end_connection(const ModelSession& session, const ClientOperation& operation) const;
  void refuse(ModelSession& session, std::string_view text);
  void tell(ModelSession& session, std::string_view frame);
  void tell_error(ModelSession& session, const std::string& text);
  void tell_ok(ModelSession& session);
  bool refuses_slowly(std::string_view name) const;
  bool log_in(ModelSession& session, const ClientOperation& operation);
  bool log_in_by_token(ModelSession& session, const ConnectWish* wish);
  const ScenarioUser* user_named(std::string_view name) const;
  void after_login(ModelSession& session);
  void apply(ModelSession& session, const ClientOperation& operation, Instant now);
  void apply_second_connect(ModelSession& session, ClientOperation operation);
  void apply_connect(ModelSession& session, const ScenarioStep& step);
  void apply_malformed(ModelSession& session, Malformed malformed);
  void apply_ping(ModelSession& session);
  void apply_subscribe(ModelSession& session, const ScenarioStep& step);
  void apply_unsubscribe(ModelSession& session, const ScenarioStep& step);
  void apply_publish(ModelSession& session, const ClientOperation& operation, Instant now);
  void deliver(ModelSession& source, const ClientOperation& operation, Instant now);
  bool may_miss(const ModelSession& target, const ClientOperation& operation) const;
  bool choose(const std::string& group, const std::vector<Candidate>& candidates,
              ModelSession& source, const ClientOperation& operation, Instant now);
  void deliver_to(ModelSession& target, const std::string& sid, ModelSession& source,
                  const ClientOperation& operation, Instant now, bool is_optional);
  void tell_no_responders(ModelSession& source, const ClientOperation& operation, bool is_optional);
  ExpectedItem& item_for(ModelSession& target, Serial cause, const std::string& name);

  bool may_publish(ModelSession& session, std::string_view subject, Instant now);
  static bool is_publish_listed(const ScenarioUser& user, std::string_view subject);
  static bool may_subscribe(const ScenarioUser& user, const ScenarioStep& step);
  static bool may_receive(const ScenarioUser& user, const ModelSubscription& subscription,
                          std::string_view subject);

  Scenario scenario_;
  std::map<Serial, ModelSession> sessions_;
  std::vector<std::string> violations_;
};

}  // namespace rubus::sim
