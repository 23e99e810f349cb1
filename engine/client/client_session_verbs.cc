// Commands of a client and the messages delivered to it.
#include <cstring>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/client/client_session.h"
#include "engine/client/quoted.h"
#include "engine/routing/fanout.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool is_reserved_reply(std::string_view reply) {
  return begins_with(reply, "_R_.") || begins_with(reply, "$JS.ACK.") ||
         begins_with(reply, "_GR_.") || begins_with(reply, "$GR.");
}

bool is_reserved_subject(std::string_view subject, const Account& account) {
  if (subject.empty() || (subject[0] != '$' && subject[0] != '_')) {
    return false;
  }
  return begins_with(subject, "_GR_.") || begins_with(subject, "$GR.") ||
         (begins_with(subject, "$NRG.") && !account.is_system());
}

char* put(char* place, std::string_view text) {
  std::memcpy(place, text.data(), text.size());
  return place + text.size();
}

}  // namespace

void ClientSession::on_bytes(const Slice& bytes) {
  if (is_closing() || phase_ == Phase::tls) {
    return;
  }
  last_activity_ = context_.wall;
  if (phase_ == Phase::checking || !held_.empty()) {
    held_.push_back(bytes);
    return;
  }
  parser_.feed(bytes);
  run();
}

void ClientSession::run() {
  for (;;) {
    const ParseResult result = parser_.next();
    if (result == ParseResult::publish) [[likely]] {
      on_publish(parser_.publish());
    } else if (result == ParseResult::need_more) {
      if (held_.empty()) {
        break;
      }
      Slice next = std::move(held_.front());
      held_.erase(held_.begin());
      parser_.feed(std::move(next));
    } else if (!run_command(result)) {
      break;
    }
    if (phase_ == Phase::closing || phase_ == Phase::checking) {
      break;
    }
  }
  settle_reading();
}

// False: nothing more may be parsed.
bool ClientSession::run_command(ParseResult result) {
  switch (result) {
    case ParseResult::connect:
      on_connect(parser_.argument());
      return true;
    case ParseResult::subscribe:
      on_subscribe(parser_.subscribe());
      return true;
    case ParseResult::unsubscribe:
      on_unsubscribe(parser_.unsubscribe());
      return true;
    case ParseResult::ping:
      on_ping();
      return true;
    case ParseResult::pong:
      if (traces()) {
        trace_in("PONG", {});
      }
      wire_.keepalive.on_pong(context_.now);
      return true;
    case ParseResult::ok:
      return true;
    case ParseResult::info:
      if (!is_json_object(parser_.argument())) {
        close(CloseReason::protocol_violation, true);
        return false;
      }
      return true;
    case ParseResult::publish:
    case ParseResult::need_more:
      return true;
    case ParseResult::connect_required:
      return on_first_verb();
    case ParseResult::unknown_operation:
    case ParseResult::argument_error:
    case ParseResult::control_line_exceeded:
    case ParseResult::payload_exceeded:
    case ParseResult::client_error:
      on_ending(result);
      return false;
  }
  return false;
}

void ClientSession::on_ending(ParseResult result) {
  if (result == ParseResult::unknown_operation) {
    log(LogLevel::error, "protocol parser error");
    send_error("Unknown Protocol Operation");
    close(CloseReason::protocol_violation, true);
  } else if (result == ParseResult::control_line_exceeded) {
    log(LogLevel::error, "maximum control line exceeded");
    send_error("maximum control line exceeded");
    close(CloseReason::maximum_control_line, true);
  } else if (result == ParseResult::payload_exceeded) {
    log(LogLevel::error, "maximum payload exceeded");
    send_error("Maximum Payload Violation");
    close(CloseReason::maximum_payload, true);
  } else if (result == ParseResult::client_error) {
    log(LogLevel::error, "Client error received");
    close(CloseReason::parse_error, true);
  } else {
    log(LogLevel::error, "protocol argument error");
    close(CloseReason::protocol_violation, true);
  }
}

void ClientSession::on_publish(const PublishCommand& written) {
  ++wire_.traffic.in_messages;
  wire_.traffic.in_bytes += written.total_size;
  ++context_.counters.traffic.in_messages;
  context_.counters.traffic.in_bytes += written.total_size;
  wire_.keepalive.on_input(context_.now);
  if (traces()) [[unlikely]] {
    trace_publish(written);
  }
  if (connect_.pedantic && !is_valid_literal(written.subject)) {
    send_error("Invalid Publish Subject");
  }
  if (account_ == nullptr) {
    return;
  }
  // Not a local copy: clearing one for every message took a fifth of the time of a publish.
  const PublishCommand* carried = &written;
  if (!account_->mappings.empty()) [[unlikely]] {
    carried = &mapped_publish(written);
  }
  const PublishCommand& publish = *carried;
  if (!may_publish(publish)) {
    return;
  }
  if (connect_.verbose) {
    send_ok();
  }
  MatchCache& cache = account_->cache();
  if (publish.same_subject && last_route_.entry != nullptr && last_route_.epoch == cache.epoch())
      [[likely]] {
    cache.count_hit();
  } else {
    last_route_.entry = cache.find(account_->index(), publish.subject);
    last_route_.epoch = cache.epoch();
  }
  const MatchResult& wanted = last_route_.entry->result;
  const bool taken =
      !wanted.empty() && fan_out(context_, *account_, MessageSource::of(*this), publish, wanted);
  if (!taken && connect_.no_responders && !publish.reply.empty()) {
    send_no_responders(publish.reply, publish.subject);
  }
}

// Permissions speak of the subject that comes out, not of the one that was written; nothing is
// remembered of either.
const PublishCommand& ClientSession::mapped_publish(const PublishCommand& written) {
  last_route_ = {};
  if (mapped_ == nullptr) {
    mapped_ = std::make_unique<MappedPublish>();
  }
  PublishCommand& mapped = mapped_->command;
  mapped = written;
  mapped.same_subject = false;
  std::string& subject = mapped_->subject;
  switch (account_->mappings.map(written.subject, context_.mapping_choice, subject)) {
    case MappingOutcome::unmapped:
      break;
    case MappingOutcome::mapped:
      mapped.subject = subject;
      break;
    case MappingOutcome::lost:
      mapped.subject = {};
      break;
  }
  if (traces() && mapped.subject != written.subject) {
    trace_in("MAPPING", std::string(written.subject).append(" -> ").append(mapped.subject));
  }
  return mapped;
}

bool ClientSession::may_publish(const PublishCommand& publish) {
  if (!publish.same_subject || !last_route_.is_judged) {
    // A reserved subject is refused whatever the permissions say.
    last_route_.entry = nullptr;
    last_route_.is_judged = true;
    last_route_.allowed = !is_reserved_subject(publish.subject, *account_) &&
                          (permissions_ == nullptr || permissions_->may_publish(publish.subject));
  }
  if (!last_route_.allowed) [[unlikely]] {
    const bool is_response = !is_reserved_subject(publish.subject, *account_) &&
                             permissions_ != nullptr &&
                             permissions_->may_respond(publish.subject, context_.now);
    if (!is_response) {
      report_publish_violation(publish.subject);
      return false;
    }
  }
  if (!publish.reply.empty() && is_reserved_reply(publish.reply)) [[unlikely]] {
    const std::string text = "Permissions Violation for Publish with Reply of ";
    log(LogLevel::error, "Publish Violation - Reply " + quoted(publish.reply));
    send_error(text + quoted(publish.reply));
    return false;
  }
  return true;
}

void ClientSession::report_publish_violation(std::string_view subject) {
  log(LogLevel::error, "Publish Violation - Subject " + quoted(subject));
  send_error("Permissions Violation for Publish to " + quoted(subject));
}

bool ClientSession::may_subscribe(const SubscribeCommand& command) {
  const bool is_system_queue = command.queue == "_sys_";
  if (!is_system_queue &&
      (permissions_ == nullptr || permissions_->may_subscribe(command.subject, command.queue))) {
    return true;
  }
  std::string text = "Permissions Violation for Subscription to " + quoted(command.subject);
  if (!command.queue.empty()) {
    text.append(" using queue ").append(quoted(command.queue));
  }
  log(LogLevel::error, "Subscription Violation - Subject " + quoted(command.subject));
  send_error(text);
  return false;
}

void ClientSession::on_subscribe(const SubscribeCommand& command) {
  if (traces()) [[unlikely]] {
    trace_in("SUB", parser_.argument());
  }
  wire_.keepalive.on_input(context_.now);
  const Limits& limits = context_.options->limits;
  if (account_ == nullptr || !may_subscribe(command)) {
    return;
  }
  if (limits.max_subscription_tokens > 0 &&
      count_tokens(command.subject) > limits.max_subscription_tokens) {
    send_error("Permissions Violation for Subscription to " + quoted(command.subject) +
               ", too many tokens");
    return;
  }
  if (const std::int64_t most = account_->subscriptions_max(limits);
      most >= 0 && static_cast<std::int64_t>(by_sid_.size()) >= most) {
    send_error("maximum subscriptions exceeded");
    return;
  }
  if (by_sid_.find(command.sid) == nullptr) {
    if (!is_valid_subject(command.subject)) {
      send_error("Invalid Subject");
      return;
    }
    Subscription* made = Subscription::create(this, command.subject, command.queue, command.sid);
    made->filters_denied =
        permissions_ != nullptr && permissions_->needs_filter(command.subject, command.queue);
    made->owner_previous = last_;
    (last_ == nullptr ? first_ : last_->owner_next) = made;
    last_ = made;
    by_sid_.insert(made);
    account_->insert(made);
    ++context_.counters.subscriptions;
  }
  if (connect_.verbose) {
    send_ok();
  }
}

void ClientSession::on_unsubscribe(const UnsubscribeCommand& command) {
  if (traces()) [[unlikely]] {
    trace_in("UNSUB", parser_.argument());
  }
  wire_.keepalive.on_input(context_.now);
  if (Subscription* const* found = by_sid_.find(command.sid); found != nullptr) {
    Subscription* subscription = *found;
    if (command.max > subscription->delivered) {
      subscription->delivered_max = command.max;
    } else {
      remove_subscription(subscription);
    }
  }
  if (connect_.verbose) {
    send_ok();
  }
}

void ClientSession::on_ping() {
  if (traces()) [[unlikely]] {
    trace_in("PING", {});
  }
  wire_.keepalive.on_input(context_.now);
  send("PONG\r\n");
  if (traces()) [[unlikely]] {
    trace_out("PONG");
  }
  if (has_connected_ && !connect_info_sent_) {
    connect_info_sent_ = true;
    if (connect_.protocol >= 1) {
      send_connect_info();
    }
  }
}

void ClientSession::send_connect_info() {
  InfoFacts facts = info_facts();
  facts.nonce = {};
  facts.auth_required = context_.options->authorization.is_required();
  facts.connect_info = true;
  facts.remote_account = account_->name();
  facts.max_payload = max_payload();
  facts.account_is_system = account_->is_system();
  send_info(std::move(facts));
}

bool ClientSession::deliver(Subscription& subscription, const PublishCommand& publish,
                            const ClientSession* from) {
  if (is_closing() || (this == from && !connect_.echo)) {
    return false;
  }
  if (subscription.filters_denied &&
      permissions_->is_delivery_denied(publish.subject, subscription.queue())) {
    return false;
  }
  if (subscription.delivered_max != 0 && subscription.delivered >= subscription.delivered_max)
      [[unlikely]] {
    return false;  // it met two imports of one message, and is as good as gone
  }
  ++subscription.delivered;
  if (subscription.delivered == subscription.delivered_max) [[unlikely]] {
    context_.expired.push_back(&subscription);
  }
  const bool is_whole = !publish.has_headers || headers_;
  std::string_view verb = publish.has_headers && headers_ ? "HMSG " : "MSG ";
  std::string_view tail = publish.line_tail;
  std::string_view body = publish.body;
  char fresh_size[number_text_size_max + 2];
  std::string stripped_tail;
  if (!is_whole) [[unlikely]] {
    body.remove_prefix(publish.header_size);
    char* end = put(write_number(fresh_size, publish.total_size - publish.header_size), "\r\n");
    if (!publish.reply.empty()) {
      stripped_tail.append(publish.reply).append(" ");
    }
    stripped_tail.append(fresh_size, static_cast<std::size_t>(end - fresh_size));
    tail = stripped_tail;
  }
  const std::string_view sid = subscription.sid();
  const std::size_t head = verb.size() + publish.subject.size() + sid.size() + 2 + tail.size();
  const bool copies = wire_.copies(body.size(), *publish.source);
  char* const place = wire_.reserve(head + (copies ? body.size() : 0));
  char* at = put(put(place, verb), publish.subject);
  *at++ = ' ';
  at = put(at, sid);
  *at++ = ' ';
  if (copies && tail.data() + tail.size() == body.data()) {
    at = put(at, {tail.data(), tail.size() + body.size()});
  } else {
    at = put(at, tail);
    if (copies) {
      at = put(at, body);
    }
  }
  wire_.commit(static_cast<std::size_t>(at - place));
  if (!copies) {
    const std::size_t offset = static_cast<std::size_t>(body.data() - publish.source->data());
    wire_.append_slice(publish.source->part(offset, body.size()));
  }
  ++wire_.traffic.out_messages;
  wire_.traffic.out_bytes += body.size() - 2;
  ++context_.counters.traffic.out_messages;
  context_.counters.traffic.out_bytes += body.size() - 2;
  wire_.touch();
  check_pending();
  if (permissions_ != nullptr && !publish.reply.empty()) {
    permissions_->remember_reply(publish.reply, context_.now);
  }
  if (traces()) [[unlikely]] {
    trace_out(std::string(place, static_cast<std::size_t>(head)));
  }
  return true;
}

bool ClientSession::send_no_responders(std::string_view reply, std::string_view subject) {
  const MatchResult& result = account_->cache().find(account_->index(), reply)->result;
  for (const Subscription* subscription : result.plain) {
    if (subscription->session != this) {
      continue;
    }
    context_.reached.mark(Reached::no_responders_told);
    std::string status = "NATS/1.0 503\r\nNats-Subject: ";
    status.append(subject).append("\r\n\r\n");
    std::string message = "HMSG ";
    message.append(reply).append(" ").append(subscription->sid()).append(" ");
    append_number(message, std::uint64_t{status.size()});
    message.append(" ");
    append_number(message, std::uint64_t{status.size()});
    message.append("\r\n").append(status).append("\r\n");
    send(message);
    ++wire_.traffic.out_messages;
    wire_.traffic.out_bytes += status.size();
    ++context_.counters.traffic.out_messages;
    context_.counters.traffic.out_bytes += status.size();
    return true;
  }
  return false;
}

void ClientSession::send_error(std::string_view text) {
  send(std::string("-ERR '").append(text).append("'\r\n"));
  if (traces()) {
    trace_out(std::string("-ERR ").append(text));
  }
}

void ClientSession::send_ok() {
  send("+OK\r\n");
  if (traces()) {
    trace_out("OK");
  }
}

}  // namespace rubus
