#include "sim/model/pubsub_model.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "sim/model/naive_subject.h"
#include "sim/stand_ins.h"

namespace rubus::sim {

namespace {

std::string size_text(std::size_t size) { return number_text(size); }

// The frame that a message becomes on its way out.
std::string message_frame(const ModelSession& target, const std::string& sid, bool server_headers,
                          const ClientOperation& operation) {
  const bool with_header = !operation.header.empty() && target.wish.headers && server_headers;
  std::string frame = with_header ? "HMSG " : "MSG ";
  frame += operation.step.subject + " " + sid + " ";
  if (!operation.step.reply.empty()) {
    frame += operation.step.reply + " ";
  }
  if (with_header) {
    frame += size_text(operation.header.size()) + " " +
             size_text(operation.header.size() + operation.payload.size()) + "\r\n" +
             operation.header;
  } else {
    frame += size_text(operation.payload.size()) + "\r\n";
  }
  return frame + operation.payload + "\r\n";
}

bool is_connect_step(const ClientOperation& operation) {
  return !operation.is_pong &&
         (operation.step.kind == StepKind::open || operation.step.kind == StepKind::connect);
}

}  // namespace

PubsubModel::PubsubModel(const Scenario& scenario) : scenario_(scenario) {}

ModelSession* PubsubModel::find(Serial serial) {
  const auto found = sessions_.find(serial);
  return found == sessions_.end() ? nullptr : &found->second;
}

const ScenarioUser* PubsubModel::user_named(std::string_view name) const {
  for (const ScenarioUser& user : scenario_.users) {
    if (user.name == name) {
      return &user;
    }
  }
  return nullptr;
}

ExpectedItem& PubsubModel::item_for(ModelSession& target, Serial cause, const std::string& name) {
  std::deque<ExpectedItem>& items = target.expected[cause];
  if (items.empty() || items.back().name != name || name.front() != 'm') {
    items.push_back({name, {}, false});
  }
  return items.back();
}

void PubsubModel::tell(ModelSession& session, std::string_view frame) {
  const std::string name(frame.substr(0, frame.find('\r')));
  item_for(session, session.serial, name).frames.push_back({{std::string(frame)}, false});
  session.expected_bytes += frame.size();
}

void PubsubModel::tell_error(ModelSession& session, const std::string& text) {
  tell(session, "-ERR '" + text + "'\r\n");
}

void PubsubModel::tell_ok(ModelSession& session) {
  if (session.wish.verbose) {
    tell(session, "+OK\r\n");
  }
}

// Ends the session with an error text, or silently.
void PubsubModel::refuse(ModelSession& session, std::string_view text) {
  if (!text.empty()) {
    tell_error(session, std::string(text));
  }
  session.is_open = false;
  session.must_close = true;
  session.subscriptions.clear();
}

void PubsubModel::on_opened(Serial serial, std::uint32_t client, Instant now) {
  ModelSession session;
  session.serial = serial;
  session.client = client;
  session.opened_at = now;
  // Without CONNECT: verbose, pedantic, echo; no headers, protocol 0.
  session.wish = {true, true, true, true, false, false, 0, "", "", ""};
  ExpectedItem info{"INFO", {{{"INFO {"}, true}}, false};
  session.expected[serial].push_back(info);
  std::size_t open = 0;
  for (const auto& [number, other] : sessions_) {
    open += other.is_open ? 1 : 0;
  }
  ModelSession& added = sessions_[serial] = std::move(session);
  if (scenario_.knobs.max_connections <= static_cast<std::int64_t>(open)) {
    refuse(added, "maximum connections exceeded");
  }
}

void PubsubModel::on_closed(Serial serial) {
  if (ModelSession* session = find(serial)) {
    session->is_open = false;
    session->must_close = false;
    session->subscriptions.clear();
    session->expected.clear();
  }
}

void PubsubModel::on_crash() {
  for (auto& [serial, session] : sessions_) {
    session.is_open = false;
    session.subscriptions.clear();
    session.expected.clear();
  }
}

// Is this something for which the server closes, perhaps before the last byte?
bool PubsubModel::must_end_connection(const ModelSession& session,
                                      const ClientOperation& operation) const {
  const ScenarioStep& step = operation.step;
  const bool is_connect = is_connect_step(operation);
  if (needs_login() && !session.is_logged_in && !is_connect && scenario_.no_auth_user.empty()) {
    return true;
  }
  if (operation.is_pong) {
    return false;
  }
  const std::int64_t size =
      static_cast<std::int64_t>(operation.header.size() + operation.payload.size());
  return step.kind == StepKind::malformed ||
         (step.kind == StepKind::publish && size > scenario_.knobs.max_payload) ||
         (step.kind == StepKind::publish && step.header >= 0 &&
          (!session.wish.headers || scenario_.knobs.headers == 0));
}

void PubsubModel::on_begun(Serial serial, const ClientOperation& operation) {
  ModelSession* session = find(serial);
  if (session == nullptr || !session->is_open || session->is_login_pending) {
    return;
  }
  session->may_close = session->may_close || must_end_connection(*session, operation);
  session->is_odd_begun = !operation.is_pong && operation.step.kind == StepKind::publish &&
                          session->wish.pedantic && !is_literal_subject(operation.step.subject);
}

void PubsubModel::on_operation(Serial serial, const ClientOperation& operation, Instant now) {
  ModelSession* session = find(serial);
  if (session == nullptr || !session->is_open) {
    return;
  }
  if (session->is_login_pending) {
    session->held.push_back(operation);
    return;
  }
  apply(*session, operation, now);
}

void PubsubModel::on_login_answered(Serial serial, bool is_accepted, Instant now) {
  ModelSession* session = find(serial);
  if (session == nullptr || !session->is_open || !session->is_login_pending) {
    return;
  }
  session->is_login_pending = false;
  if (!is_accepted) {
    refuse(*session, "Authorization Violation");
    return;
  }
  after_login(*session);
  while (!session->held.empty() && session->is_open && !session->is_login_pending) {
    const ClientOperation operation = std::move(session->held.front());
    session->held.pop_front();
    apply(*session, operation, now);
  }
}

// Where passwords are hashed every refusal of a name or password takes the time of a check.
bool PubsubModel::refuses_slowly(std::string_view name) const {
  const auto& users = scenario_.users;
  const bool has_nkeys = std::any_of(users.begin(), users.end(),
                                     [](const ScenarioUser& each) { return is_nkey(each.name); });
  return !(is_nkey(name) && has_nkeys) &&
         std::any_of(users.begin(), users.end(),
                     [](const ScenarioUser& each) { return each.is_hashed; });
}

// True if the operation may go on; false if the session ended or waits for a password check.
bool PubsubModel::log_in(ModelSession& session, const ClientOperation& operation) {
  const ScenarioStep& step = operation.step;
  const bool is_connect = is_connect_step(operation);
  const bool is_bad_connect = !operation.is_pong && step.kind == StepKind::malformed &&
                              step.malformed == Malformed::bad_json;
  if (is_bad_connect) {
    refuse(session, "");
    return false;
  }
  if (!scenario_.token.empty()) {
    return log_in_by_token(session, is_connect ? &step.connect : nullptr);
  }
  std::string_view name = is_connect ? std::string_view(step.connect.user) : std::string_view();
  const bool is_anonymous = name.empty();
  if (is_anonymous) {
    name = scenario_.no_auth_user;
  }
  const ScenarioUser* user = user_named(name);
  const bool is_known = user != nullptr && !name.empty();
  const bool is_wrong = is_known && !is_anonymous && !user->is_hashed && !is_nkey(user->name) &&
                        user->password != step.connect.password;
  if (!is_known || is_wrong) {
    if (is_connect && refuses_slowly(name)) {
      session.is_login_pending = true;
      session.wish = step.connect;
    } else {
      refuse(session, "Authorization Violation");
    }
    return false;
  }
  session.user = user;
  if (is_anonymous) {
    session.is_logged_in = true;
    session.has_connected = true;
    return true;
  }
  if (user->is_hashed || is_nkey(user->name)) {
    session.is_login_pending = true;
    session.wish = step.connect;
    return false;
  }
  session.is_logged_in = true;
  return true;
}

// `wish`: of CONNECT; null if something else came first.
bool PubsubModel::log_in_by_token(ModelSession& session, const ConnectWish* wish) {
  if (wish != nullptr && scenario_.is_token_hashed) {
    session.is_login_pending = true;
    session.wish = *wish;
    return false;
  }
  if (wish == nullptr || wish->token != scenario_.token) {
    refuse(session, "Authorization Violation");
    return false;
  }
  session.is_logged_in = true;
  return true;
}

// The part of CONNECT that follows the password check.
void PubsubModel::after_login(ModelSession& session) {
  session.is_logged_in = true;
  session.has_connected = true;
  if (session.wish.protocol != 0 && session.wish.protocol != 1) {
    refuse(session, "invalid client protocol");
    return;
  }
  if (session.wish.no_responders && (!session.wish.headers || scenario_.knobs.headers == 0)) {
    refuse(session, "no responders requires headers support");
    return;
  }
  tell_ok(session);
}

void PubsubModel::apply_connect(ModelSession& session, const ScenarioStep& step) {
  session.wish = step.connect;
  after_login(session);
}

void PubsubModel::apply_malformed(ModelSession& session, Malformed malformed) {
  switch (malformed) {
    case Malformed::unknown_verb:
    case Malformed::wrong_payload_end:
      refuse(session, "Unknown Protocol Operation");
      break;
    case Malformed::payload_too_large:
      refuse(session, "Maximum Payload Violation");
      break;
    case Malformed::line_too_long:
      refuse(session, "maximum control line exceeded");
      break;
    case Malformed::missing_arguments:
    case Malformed::bad_json:
    case Malformed::server_error:
      refuse(session, "");
      break;
  }
}

void PubsubModel::apply_ping(ModelSession& session) {
  tell(session, "PONG\r\n");
  if (session.has_connected && !session.has_pinged) {
    session.has_pinged = true;
    if (session.wish.protocol >= 1) {
      session.expected[session.serial].push_back({"INFO", {{{"INFO {"}, true}}, false});
    }
  }
}

// All begins anew but the connection: no subscriptions, a login. What the second CONNECT leaves out
// is as the first said it.
void PubsubModel::apply_second_connect(ModelSession& session, ClientOperation operation) {
  ConnectWish& wish = operation.step.connect;
  if (wish.user.empty() || (is_nkey(session.wish.user) && !is_nkey(wish.user))) {
    wish.user = session.wish.user;
    wish.password = session.wish.password;
  }
  wish.token = wish.token.empty() ? session.wish.token : wish.token;
  session.subscriptions.clear();
  session.is_logged_in = false;
  if (!needs_login() || log_in(session, operation)) {
    apply_connect(session, operation.step);
  }
}

void PubsubModel::apply(ModelSession& session, const ClientOperation& operation, Instant now) {
  if (!operation.is_pong && operation.step.kind == StepKind::connect && session.has_connected) {
    return apply_second_connect(session, operation);
  }
  if (needs_login() && !session.is_logged_in && !log_in(session, operation)) {
    return;
  }
  if (operation.is_pong) {
    return;
  }
  switch (operation.step.kind) {
    case StepKind::open:
    case StepKind::connect:
      return apply_connect(session, operation.step);
    case StepKind::subscribe:
      return apply_subscribe(session, operation.step);
    case StepKind::unsubscribe:
      return apply_unsubscribe(session, operation.step);
    case StepKind::publish:
      return apply_publish(session, operation, now);
    case StepKind::ping:
      return apply_ping(session);
    case StepKind::malformed:
      return apply_malformed(session, operation.step.malformed);
    case StepKind::close:
    case StepKind::reset:
    case StepKind::pause:
    case StepKind::resume:
    case StepKind::stall:
    case StepKind::half_open:
    case StepKind::crash:
    case StepKind::clock:
    case StepKind::fault:
      return;
  }
}

void PubsubModel::apply_subscribe(ModelSession& session, const ScenarioStep& step) {
  if (session.user != nullptr && !may_subscribe(*session.user, step)) {
    std::string text = "Permissions Violation for Subscription to \"" + step.subject + "\"";
    if (!step.queue.empty()) {
      text += " using queue \"" + step.queue + "\"";
    }
    return tell_error(session, text);
  }
  const std::int64_t limit = scenario_.knobs.max_subscriptions;
  if (limit > 0 && static_cast<std::int64_t>(session.subscriptions.size()) >= limit) {
    return tell_error(session, "maximum subscriptions exceeded");
  }
  if (!session.subscriptions.contains(step.sid)) {
    if (!is_valid_subject(step.subject)) {
      return tell_error(session, "Invalid Subject");
    }
    session.subscriptions[step.sid] = {step.subject, step.queue, 0, 0};
  }
  tell_ok(session);
}

void PubsubModel::apply_unsubscribe(ModelSession& session, const ScenarioStep& step) {
  const auto found = session.subscriptions.find(step.sid);
  if (found != session.subscriptions.end()) {
    if (step.number > found->second.delivered) {
      found->second.max = step.number;
    } else {
      session.subscriptions.erase(found);
    }
  }
  tell_ok(session);
}

void PubsubModel::apply_publish(ModelSession& session, const ClientOperation& operation,
                                Instant now) {
  const ScenarioStep& step = operation.step;
  if (step.header >= 0 && (!session.wish.headers || scenario_.knobs.headers == 0)) {
    return refuse(session, "");
  }
  const std::size_t size = operation.header.size() + operation.payload.size();
  if (static_cast<std::int64_t>(size) > scenario_.knobs.max_payload) {
    return refuse(session, "Maximum Payload Violation");
  }
  if (session.wish.pedantic && !is_literal_subject(step.subject) && !session.is_odd_told) {
    tell_error(session, "Invalid Publish Subject");
  }
  session.is_odd_told = false;
  if (session.user != nullptr && !may_publish(session, step.subject, now)) {
    return tell_error(session, "Permissions Violation for Publish to \"" + step.subject + "\"");
  }
  tell_ok(session);
  deliver(session, operation, now);
}

// With no_fast_producer_stall a message to a receiver whose queue is three quarters full is
// dropped.
bool PubsubModel::may_miss(const ModelSession& target, const ClientOperation& operation) const {
  const std::uint64_t most = static_cast<std::uint64_t>(scenario_.knobs.max_pending);
  // Its other subscriptions may get the message first.
  const std::uint64_t more =
      target.subscriptions.size() * (operation.payload.size() + operation.header.size() + 256);
  return scenario_.knobs.fast_producer_stall == 0 &&
         waiting_before(target.serial) + target.expected_bytes + more > most / 4 * 3;
}

void PubsubModel::deliver(ModelSession& source, const ClientOperation& operation, Instant now) {
  const std::string& subject = operation.step.subject;
  std::vector<Candidate> plain;
  std::map<std::string, std::vector<Candidate>> groups;
  for (auto& [serial, target] : sessions_) {
    if (!target.is_open || (&target == &source && !target.wish.echo)) {
      continue;
    }
    for (auto& [sid, subscription] : target.subscriptions) {
      if (!is_match(subscription.subject, subject) ||
          (target.user != nullptr && !may_receive(*target.user, subscription, subject))) {
        continue;
      }
      (subscription.queue.empty() ? plain : groups[subscription.queue]).push_back({&target, sid});
    }
  }
  bool is_taken = false;
  bool is_surely_taken = false;
  for (const Candidate& candidate : plain) {
    if (may_miss(*candidate.session, operation) && !is_closed_now(candidate.session->serial) &&
        !is_observed(candidate.session->serial, candidate.sid, operation.id)) {
      continue;
    }
    const bool is_gone = is_closed_now(candidate.session->serial) || is_cut_now(source.serial);
    deliver_to(*candidate.session, candidate.sid, source, operation, now, is_gone);
    is_taken = true;
    is_surely_taken = is_surely_taken || !is_gone;
  }
  for (const auto& [group, candidates] : groups) {
    is_surely_taken = choose(group, candidates, source, operation, now) || is_surely_taken;
    is_taken = true;
  }
  if (!is_surely_taken) {
    tell_no_responders(source, operation, is_taken);
  }
}

// One member of the group gets it. True unless nobody was seen to.
bool PubsubModel::choose(const std::string& group, const std::vector<Candidate>& candidates,
                         ModelSession& source, const ClientOperation& operation, Instant now) {
  bool may_be_lost = is_cut_now(source.serial);
  for (const Candidate& candidate : candidates) {
    if (is_observed(candidate.session->serial, candidate.sid, operation.id)) {
      deliver_to(*candidate.session, candidate.sid, source, operation, now, false);
      return true;
    }
    may_be_lost = may_be_lost || is_closed_now(candidate.session->serial) ||
                  may_miss(*candidate.session, operation);
  }
  for (const Candidate& candidate : candidates) {
    // It may have been this one, and too much for its queue.
    if (is_closed_now(candidate.session->serial)) {
      candidate.session->expected_bytes +=
          message_frame(*candidate.session, candidate.sid, true, operation).size();
    }
  }
  if (!may_be_lost) {
    violations_.push_back("message " + operation.id + " on " + operation.step.subject +
                          " reached nobody of queue group " + group);
  }
  return false;
}

void PubsubModel::deliver_to(ModelSession& target, const std::string& sid, ModelSession& source,
                             const ClientOperation& operation, Instant now, bool is_optional) {
  ModelSubscription& subscription = target.subscriptions.at(sid);
  ExpectedItem& item = item_for(target, source.serial, operation.id);
  item.frames.push_back(
      {{message_frame(target, sid, scenario_.knobs.headers != 0, operation)}, false});
  item.is_optional = is_optional;
  target.expected_bytes += item.frames.back().any_of.front().size();
  ++subscription.delivered;
  if (subscription.max > 0 && subscription.delivered >= subscription.max) {
    target.subscriptions.erase(sid);
  }
  const std::string& reply = operation.step.reply;
  if (!reply.empty() && target.user != nullptr && target.user->may_respond &&
      !is_publish_listed(*target.user, reply)) {
    target.responses[reply] = {0, now};
  }
}

void PubsubModel::tell_no_responders(ModelSession& source, const ClientOperation& operation,
                                     bool is_optional) {
  const std::string& reply = operation.step.reply;
  if (!source.wish.no_responders || reply.empty()) {
    return;
  }
  ExpectedFrame frame;
  for (const auto& [sid, subscription] : source.subscriptions) {
    if (subscription.queue.empty() && is_match(subscription.subject, reply)) {
      const std::string header =
          "NATS/1.0 503\r\nNats-Subject: " + operation.step.subject + "\r\n\r\n";
      const std::string size = size_text(header.size());
      frame.any_of.push_back("HMSG " + reply + " " + sid + " " + size + " " + size + "\r\n" +
                             header + "\r\n");
    }
  }
  if (!frame.any_of.empty()) {
    source.expected_bytes += frame.any_of.front().size();
    source.expected[source.serial].push_back({"503 for " + operation.id, {frame}, is_optional});
  }
}

}  // namespace rubus::sim
