#include "sim/cluster/cluster_model.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "engine/seam/describe.h"
#include "sim/check/delivery.h"
#include "sim/model/naive_subject.h"

namespace rubus::sim {

namespace {

constexpr std::string_view no_responders_header = "NATS/1.0 503";

std::string message_frame(const ScenarioStep& step, const ClientOperation& operation,
                          const std::string& sid, bool with_header) {
  const std::size_t header_size = with_header ? operation.header.size() : 0;
  std::string frame = with_header ? "HMSG " : "MSG ";
  frame += step.subject + " " + sid + " " + (step.reply.empty() ? "" : step.reply + " ");
  if (with_header) {
    frame += number_text(header_size) + " ";
  }
  frame += number_text(header_size + operation.payload.size()) + "\r\n";
  return frame + (with_header ? operation.header : "") + operation.payload + "\r\n";
}

bool is_listed(const std::vector<std::string>& list, std::string_view subject) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& entry) { return is_match(entry, subject); });
}

bool may_publish(const ScenarioUser* user, const std::string& subject) {
  return user == nullptr || !user->has_permissions ||
         ((user->publish_allow.empty() || is_listed(user->publish_allow, subject)) &&
          !is_listed(user->publish_deny, subject));
}

// Lists of clusters' users hold plain subjects only, no "subject:queue" (the swarm and the reader
// of named scenarios keep to that), and a denied subject inside a wider pattern filters messages.
bool may_subscribe(const ScenarioUser* user, const std::string& pattern) {
  if (user == nullptr || !user->has_permissions) {
    return true;
  }
  const auto covers = [&](const std::string& entry) { return is_subset(pattern, entry); };
  const std::vector<std::string>& allow = user->subscribe_allow;
  const std::vector<std::string>& deny = user->subscribe_deny;
  return (allow.empty() || std::any_of(allow.begin(), allow.end(), covers)) &&
         std::none_of(deny.begin(), deny.end(), covers);
}

bool is_filtered(const ScenarioUser* user, std::string_view subject) {
  return user != nullptr && user->has_permissions && is_listed(user->subscribe_deny, subject);
}

}  // namespace

ClusterModel::ClusterModel(const Scenario& scenario, const Calm& calm, Duration settle,
                           Duration flight)
    : scenario_(scenario), calm_(calm), settle_(settle), flight_(flight) {}

ClusterModel::Session* ClusterModel::find(WireNumber wire) {
  const auto found = sessions_.find(wire);
  return found == sessions_.end() ? nullptr : &found->second;
}

const ClusterModel::Session* ClusterModel::find(WireNumber wire) const {
  const auto found = sessions_.find(wire);
  return found == sessions_.end() ? nullptr : &found->second;
}

void ClusterModel::violate(const Session& session, const std::string& what) {
  violations.push_back("client " + number_text(session.client) + " on node " +
                       number_text(session.node) + "." + number_text(session.shard) +
                       " (connection " + number_text(session.wire) + "): " + what);
}

Relation ClusterModel::relation(std::uint32_t one, std::uint32_t other) const {
  if (one == other) {
    return Relation::joined;
  }
  const ScenarioNode& a = scenario_.nodes[one];
  const ScenarioNode& b = scenario_.nodes[other];
  if (a.cluster != b.cluster) {
    return Relation::apart;
  }
  if (a.password != b.password) {
    return a.password.empty() || b.password.empty() ? Relation::unclear : Relation::apart;
  }
  return has_twin(one) || has_twin(other) ? Relation::unclear : Relation::joined;
}

// Of two servers with one name everybody takes the first it meets.
bool ClusterModel::has_twin(std::uint32_t node) const {
  const std::string& name = scenario_.nodes[node].server_name;
  return !name.empty() &&
         std::count_if(scenario_.nodes.begin(), scenario_.nodes.end(),
                       [&name](const ScenarioNode& one) { return one.server_name == name; }) > 1;
}

void ClusterModel::log_in(Session& session) {
  if (scenario_.users.empty()) {
    return;
  }
  const std::string& name = session.wish.user.empty() ? scenario_.no_auth_user : session.wish.user;
  const std::vector<std::string>& accounts = scenario_.nodes[session.node].accounts;
  session.is_refused = true;
  for (const ScenarioUser& user : scenario_.users) {
    const bool is_here =
        user.account.empty() || accounts.empty() ||
        std::find(accounts.begin(), accounts.end(), user.account) != accounts.end();
    const bool is_known = session.wish.user.empty() || user.password == session.wish.password;
    if (user.name == name && !name.empty() && is_here && is_known) {
      session.user = &user;
      session.account = user.account;
      session.is_refused = false;
    }
  }
}

void ClusterModel::on_connected(const Wire& wire, const ConnectWish& wish, Instant now) {
  Session session;
  session.wire = wire.number;
  session.client = wire.ends[0].who;
  session.node = wire.ends[1].who;
  session.shard = wire.ends[1].shard;
  session.opened = now;
  session.wish = wish;
  log_in(session);
  sessions_[wire.number] = std::move(session);
}

void ClusterModel::on_lost(WireNumber wire, Instant now) {
  Session* session = find(wire);
  if (session == nullptr || session->lost != Instant::never()) {
    return;
  }
  session->lost = now;
  for (Interest& interest : interests_) {
    if (interest.session == session) {
      interest.until = std::min(interest.until, now);
    }
  }
}

void ClusterModel::on_unsteady(WireNumber wire, Instant from, Instant to) {
  if (Session* session = find(wire)) {
    session->unsteady.emplace_back(from, to);
  }
}

bool ClusterModel::is_logged_in(WireNumber wire) const {
  const Session* session = find(wire);
  return session != nullptr && !session->is_refused && session->lost == Instant::never();
}

bool ClusterModel::may_be_closed(WireNumber wire, Instant now) const {
  const Session* session = find(wire);
  return session == nullptr || session->is_refused || session->is_speaking_badly ||
         !is_steady(*session, session->opened, now);
}

void ClusterModel::on_said(WireNumber wire, const ClientOperation& operation, Instant now) {
  Session* session = find(wire);
  if (session == nullptr) {
    return;
  }
  session->is_speaking_badly = session->is_speaking_badly || is_bad(*session, operation);
  if (!operation.is_pong && operation.step.kind == StepKind::unsubscribe) {
    end_interest(*session, operation.step, now, false);
  }
}

// Something for which a server ends the connection.
bool ClusterModel::is_bad(const Session& session, const ClientOperation& operation) const {
  const ScenarioNode& node = scenario_.nodes[session.node];
  const std::int64_t most = node.max_payload > 0 ? node.max_payload : scenario_.knobs.max_payload;
  const std::size_t size = operation.header.size() + operation.payload.size();
  const bool has_headers = session.wish.headers && scenario_.knobs.headers != 0;
  return !operation.is_pong &&
         (operation.step.kind == StepKind::malformed || static_cast<std::int64_t>(size) > most ||
          (!operation.header.empty() && !has_headers));
}

// `is_known`: to the server, too.
void ClusterModel::end_interest(Session& session, const ScenarioStep& step, Instant now,
                                bool is_known) {
  for (Interest& interest : interests_) {
    if (interest.session != &session || interest.sid != step.sid ||
        interest.gone != Instant::never()) {
      continue;
    }
    interest.is_limited = interest.is_limited || step.number > 0;
    if (step.number == 0) {
      interest.until = std::min(interest.until, now);
      interest.gone = is_known ? now : interest.gone;
    }
  }
}

void ClusterModel::on_server_closed(WireNumber wire, Instant now) {
  for (Interest& interest : interests_) {
    if (interest.session->wire == wire && interest.gone == Instant::never()) {
      interest.gone = now;
    }
  }
  on_lost(wire, now);
}

void ClusterModel::on_handed_in(WireNumber wire, const ClientOperation& operation, Instant now) {
  Session* session = find(wire);
  if (session == nullptr || operation.is_pong || session->is_refused) {
    return;
  }
  switch (operation.step.kind) {
    case StepKind::subscribe:
      add_interest(*session, operation.step, now);
      break;
    case StepKind::publish:
      add_message(*session, operation, now);
      break;
    case StepKind::malformed:
      session->has_spoken_badly = true;
      break;
    case StepKind::unsubscribe:
      end_interest(*session, operation.step, now, true);
      break;
    case StepKind::open:
    case StepKind::connect:
    case StepKind::ping:
    case StepKind::close:
    case StepKind::reset:
    case StepKind::pause:
    case StepKind::resume:
    case StepKind::stall:
    case StepKind::half_open:
    case StepKind::crash:
    case StepKind::clock:
    case StepKind::fault:
      break;
  }
}

void ClusterModel::add_interest(Session& session, const ScenarioStep& step, Instant now) {
  Interest interest;
  for (const Interest& earlier : interests_) {
    if (earlier.session == &session && earlier.sid == step.sid && earlier.is_allowed &&
        earlier.gone == Instant::never()) {
      if (!earlier.is_limited) {
        return;  // a sid in use: the server keeps the first
      }
      interest.is_ambiguous = interest.is_limited = true;
    }
  }
  interest.session = &session;
  interest.sid = step.sid;
  interest.subject = step.subject;
  interest.queue = step.queue;
  interest.since = now;
  interest.is_allowed = is_valid_subject(step.subject) && may_subscribe(session.user, step.subject);
  interest.until = session.lost;
  interests_.push_back(std::move(interest));
}

void ClusterModel::add_message(Session& session, const ClientOperation& operation, Instant now) {
  Message message;
  message.session = &session;
  message.operation = operation;
  message.at = now;
  message.number = ++session.published;
  session.has_spoken_badly = session.has_spoken_badly || is_bad(session, operation);
  message.is_valid = may_publish(session.user, operation.step.subject) && !session.has_spoken_badly;
  ++counts_.published;
  messages_.push_back(std::move(message));
  by_id_[operation.id] = &messages_.back();
}

void ClusterModel::on_frame(WireNumber wire, const Frame& frame, Instant now) {
  Session* session = find(wire);
  if (session == nullptr || frame.kind != FrameKind::message) {
    return;
  }
  ++counts_.messages;
  const std::string_view body = std::string_view(frame.raw).substr(frame.body_begin);
  if (frame.has_header && body.starts_with(no_responders_header)) {
    on_no_responders(*session, frame);
  } else {
    on_message(*session, frame, now);
  }
}

// The newest subscription of that sid: an older one may still be draining.
ClusterModel::Interest* ClusterModel::interest_for(Session& session, const Frame& frame) {
  Interest* found = nullptr;
  for (Interest& interest : interests_) {
    if (interest.session == &session && interest.sid == frame.sid && interest.is_allowed &&
        is_match(interest.subject, frame.subject)) {
      found = &interest;
    }
  }
  return found;
}

void ClusterModel::on_message(Session& session, const Frame& frame, Instant /*now*/) {
  const std::string mark(mark_of(frame.payload()));
  const auto found = by_id_.find(mark);
  if (found == by_id_.end() || !found->second->is_valid) {
    std::string shown;
    describe_bytes(frame.raw, shown);
    return violate(session, "got what nobody may have published: " + shown);
  }
  Message& message = *found->second;
  Interest* interest = interest_for(session, frame);
  if (interest == nullptr) {
    return violate(session, mark + " came for sid " + frame.sid + " that does not want it");
  }
  const Session& source = *message.session;
  if (source.account != session.account) {
    violate(session, mark + " of account \"" + source.account + "\" reached account \"" +
                         session.account + "\"");
  }
  if (relation(source.node, session.node) == Relation::apart) {
    violate(session, mark + " crossed servers that must not know each other");
  }
  if (is_filtered(session.user, frame.subject)) {
    violate(session, mark + " came on a subject that is denied");
  }
  if (&source == &session && !session.wish.echo) {
    violate(session, mark + " is an echo that was not wanted");
  }
  counts_.across += source.node != session.node ? 1 : 0;
  check_form(session, message, frame);
  if (interest->is_ambiguous) {
    return;
  }
  if (++message.taken[interest] > 1) {
    violate(session, mark + " was delivered twice to sid " + frame.sid);
  }
  if (!interest->queue.empty() && ++message.groups[interest->queue] > 1) {
    violate(session, mark + " was delivered to two members of queue group " + interest->queue);
  }
  check_order(*interest, message);
}

void ClusterModel::check_form(const Session& session, const Message& message, const Frame& frame) {
  const ClientOperation& operation = message.operation;
  const bool with_header =
      !operation.header.empty() && session.wish.headers && scenario_.knobs.headers != 0;
  const std::string expected = message_frame(operation.step, operation, frame.sid, with_header);
  if (expected != frame.raw) {
    std::string wanted;
    std::string got;
    describe_bytes(expected, wanted);
    describe_bytes(frame.raw, got);
    violate(session, operation.id + " is changed: expected " + wanted + ", got " + got);
  }
}

void ClusterModel::check_order(Interest& interest, const Message& message) {
  const Session& source = *message.session;
  const std::uint64_t generation = calm_.generation(source.node, interest.session->node);
  auto& [number, newest_generation] =
      interest.newest[{source.wire, message.operation.step.subject}];
  if (number > message.number && newest_generation == generation) {
    violate(*interest.session, message.operation.id + " came out of order");
  }
  if (message.number > number) {
    number = message.number;
    newest_generation = generation;
  }
}

void ClusterModel::on_no_responders(Session& session, const Frame& frame) {
  ++counts_.no_responders;
  if (!session.wish.no_responders || interest_for(session, frame) == nullptr) {
    return violate(session, "got a 503 that it did not ask for, on " + frame.subject);
  }
  Message* unanswered = nullptr;
  for (Message& message : messages_) {
    if (message.session == &session && message.operation.step.reply == frame.subject &&
        message.refusals == 0) {
      unanswered = unanswered == nullptr ? &message : unanswered;
    }
  }
  if (unanswered == nullptr) {
    return violate(session, "got a 503 for no request of its own, on " + frame.subject);
  }
  ++unanswered->refusals;
}

bool ClusterModel::is_steady(const Session& session, Instant from, Instant to) const {
  return session.opened <= from && session.lost > to &&
         std::none_of(session.unsteady.begin(), session.unsteady.end(),
                      [&](const std::pair<Instant, Instant>& time) {
                        return time.first <= to && time.second + settle_ > from;
                      });
}

bool ClusterModel::concerns(const Message& message, const Interest& interest) const {
  const Session& source = *message.session;
  const Session& target = *interest.session;
  const std::string& subject = message.operation.step.subject;
  return interest.is_allowed && source.account == target.account &&
         (&source != &target || source.wish.echo) && is_match(interest.subject, subject) &&
         !is_filtered(target.user, subject) &&
         relation(source.node, target.node) != Relation::apart;
}

bool ClusterModel::is_sure(const Message& message, const Interest& interest, Instant end) const {
  const Instant last = message.at + flight_;
  const std::uint32_t from = message.session->node;
  const std::uint32_t to = interest.session->node;
  return last <= end && !interest.is_limited && interest.since + settle_ <= message.at &&
         interest.until > last && is_steady(*interest.session, message.at, last) &&
         !interest.session->is_speaking_badly && relation(from, to) == Relation::joined &&
         calm_.is_calm(from, from, message.at, last) && calm_.is_calm(to, to, message.at, last) &&
         calm_.is_calm(from, to, message.at, last);
}

bool ClusterModel::is_surely_gone(const Message& message, const Interest& interest) const {
  const std::uint32_t from = message.session->node;
  const std::uint32_t to = interest.session->node;
  const bool is_before = interest.since > message.at + flight_;
  return is_before || (interest.gone != Instant::never() && interest.gone + settle_ <= message.at &&
                       calm_.is_calm(from, to, message.at, message.at));
}

void ClusterModel::judge(Instant end) {
  for (Message& message : messages_) {
    if (message.is_valid) {
      judge_message(message, end);
    }
  }
}

void ClusterModel::judge_message(Message& message, Instant end) {
  std::map<std::string, std::vector<const Interest*>> groups;
  bool is_somebody_sure = false;
  bool is_somebody_possible = false;
  for (const Interest& interest : interests_) {
    if (!concerns(message, interest)) {
      // Its own echo, or a subject denied within a wider subscription, may count as interest.
      const bool is_near = interest.is_allowed &&
                           interest.session->account == message.session->account &&
                           is_match(interest.subject, message.operation.step.subject);
      is_somebody_possible = is_somebody_possible || is_near;
      if (is_near && !interest.queue.empty()) {
        groups[interest.queue].push_back(&interest);  // may be chosen, and then nobody gets it
      }
      continue;
    }
    is_somebody_possible = is_somebody_possible || !is_surely_gone(message, interest);
    const bool is_certain = is_sure(message, interest, end);
    is_somebody_sure = is_somebody_sure || is_certain;
    if (!interest.queue.empty()) {
      groups[interest.queue].push_back(&interest);
      continue;
    }
    if (is_certain) {
      ++counts_.owed;
      if (!message.taken.contains(&interest)) {
        violate(*interest.session, message.operation.id + " on " + message.operation.step.subject +
                                       " from node " + number_text(message.session->node) +
                                       " was never delivered to sid " + interest.sid);
      }
    }
  }
  for (const auto& [queue, members] : groups) {
    judge_group(message, queue, members, end);
  }
  judge_silence(message, is_somebody_sure, is_somebody_possible, end);
}

void ClusterModel::judge_group(Message& message, const std::string& queue,
                               const std::vector<const Interest*>& members, Instant end) {
  const Session& source = *message.session;
  std::size_t sure = 0;
  bool are_all_sure = true;
  bool are_all_here = true;  // on the publisher's shard, and whoever left said so
  for (const Interest* member : members) {
    if (is_surely_gone(message, *member)) {
      continue;
    }
    const bool is_certain = is_sure(message, *member, end);
    sure += is_certain && concerns(message, *member) ? 1 : 0;
    are_all_sure = are_all_sure && is_certain && concerns(message, *member);
    const Session& target = *member->session;
    are_all_here = are_all_here && target.node == source.node && target.shard == source.shard &&
                   is_steady(target, message.at, message.at + flight_) &&
                   !is_filtered(target.user, message.operation.step.subject);
  }
  if (sure == 0 || (!are_all_sure && !are_all_here)) {
    return;
  }
  ++counts_.group_owed;
  if (!message.groups.contains(queue)) {
    violate(source, message.operation.id + " on " + message.operation.step.subject +
                        " reached nobody of queue group " + queue);
  }
}

void ClusterModel::judge_silence(Message& message, bool is_somebody_sure, bool is_somebody_possible,
                                 Instant end) {
  const Session& source = *message.session;
  const std::string& reply = message.operation.step.reply;
  if (reply.empty() || !source.wish.no_responders) {
    return;
  }
  if (is_somebody_sure && message.refusals > 0) {
    violate(source, message.operation.id + " was answered with 503 though somebody listens");
  }
  if (is_somebody_possible) {
    return;
  }
  // The inbox must have been there; a reply subject used twice shows its 503 only in number.
  const bool is_single = std::none_of(messages_.begin(), messages_.end(), [&](const Message& m) {
    return &m != &message && m.session == &source && m.operation.step.reply == reply;
  });
  for (const Interest& inbox : interests_) {
    if (is_single && inbox.session == &source && inbox.is_allowed && !inbox.is_limited &&
        is_match(inbox.subject, reply) && !is_filtered(source.user, reply) &&
        inbox.since + settle_ <= message.at && inbox.until > message.at + flight_ &&
        message.at + flight_ <= end && is_steady(source, message.at, message.at + flight_) &&
        calm_.is_calm(source.node, source.node, message.at, message.at + flight_)) {
      ++counts_.silence_owed;
      if (message.refusals == 0) {
        violate(source, message.operation.id + " on " + message.operation.step.subject +
                            " has no responders, but no 503 came");
      }
      return;
    }
  }
}

}  // namespace rubus::sim
