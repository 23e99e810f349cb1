#include "engine/auth/service_responses.h"

#include <algorithm>
#include <optional>

#include "engine/auth/account_imports.h"
#include "engine/auth/service_step.h"
#include "engine/base/ensure.h"
#include "engine/engine_context.h"
#include "engine/routing/republish.h"

namespace rubus {

namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t prefix_digits = 6;
constexpr std::size_t key_digits = 10;
constexpr std::uint64_t keys = 839'299'365'868'340'224U;  // 62 to the power of key_digits

void append_digits(std::string& text, std::uint64_t number, std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) {
    text.push_back(digits[number % digits.size()]);
    number /= digits.size();
  }
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  if (text.size() != key_digits) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (std::size_t at = text.size(); at > 0; --at) {
    const std::size_t digit = digits.find(text[at - 1]);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    number = number * digits.size() + digit;
  }
  return number;
}

std::size_t units_of(std::string_view reply) {
  return 1 + reply.size() / ServiceResponses::unit_bytes;
}

bool is_acknowledgement(std::string_view reply) { return reply.substr(0, 8) == "$JS.ACK."; }

}  // namespace

ServiceResponses::ServiceResponses(EngineContext& context, Account& exporter)
    : context_(context),
      exporter_(exporter),
      service_{ServiceKind::import_response, &exporter, 0},
      prefix_("_R_.") {
  append_digits(prefix_, context.service_replies.next(), prefix_digits);
  prefix_.append(".");
  subscription_ = Subscription::create_for_service(&service_, prefix_ + ">");
  exporter_.insert(subscription_);
}

// The index it stands in goes with the account.
ServiceResponses::~ServiceResponses() { Subscription::destroy(subscription_); }

ServiceResponses::Key ServiceResponses::fresh_key() {
  Key key = context_.service_replies.below(keys);
  while (pending_.find(key) != nullptr) {
    key = context_.service_replies.below(keys);
  }
  return key;
}

std::string ServiceResponses::subject_of(Key key) const {
  std::string subject = prefix_;
  append_digits(subject, key, key_digits);
  return subject;
}

ServiceResponses::Key ServiceResponses::expect(Account& importer, std::string_view reply,
                                               std::shared_ptr<const ResponseTerms> terms) {
  const std::size_t units = units_of(reply);
  while (units_ + units > units_max) {
    forget_oldest();
  }
  const Key key = fresh_key();
  const Instant deadline = context_.now + terms->threshold;
  pending_.insert(key,
                  Response{&importer, std::string(reply), std::move(terms), deadline, deadline});
  Share& share = shares_[importer.name()];
  share.expiries.insert({deadline, key});
  share.units += units;
  units_ += units;
  arm(share);
  return key;
}

void ServiceResponses::forget_oldest() {
  const auto most = std::max_element(
      shares_.begin(), shares_.end(),
      [](const auto& a, const auto& b) { return a.second.units < b.second.units; });
  ensure(most != shares_.end() && !most->second.expiries.empty(), "units belong to responses");
  renew_first(most->second);
  forget(most->second.expiries.begin()->key);
}

void ServiceResponses::renew_first(Share& share) {
  while (!share.expiries.empty()) {
    const Expiry first = *share.expiries.begin();
    Response* const found = pending_.find(first.key);
    ensure(found != nullptr, "an expiry entry has its response");
    if (found->deadline <= first.deadline) {
      return;
    }
    // A stream that went on meanwhile.
    share.expiries.erase(share.expiries.begin());
    found->listed = found->deadline;
    share.expiries.insert({found->listed, first.key});
  }
}

void ServiceResponses::forget(Key key) {
  const Response* const found = pending_.find(key);
  if (found == nullptr) {
    return;
  }
  const auto share = shares_.find(found->importer->name());
  ensure(share != shares_.end(), "a response is in the share of its importer");
  share->second.expiries.erase({found->listed, key});
  const std::size_t units = units_of(found->reply);
  share->second.units -= units;
  units_ -= units;
  pending_.erase(key);
}

void ServiceResponses::forget_unasked(const Account& importer) {
  const auto share = shares_.find(importer.name());
  if (share == shares_.end()) {
    return;
  }
  std::vector<Key> unasked;
  for (const Expiry& each : share->second.expiries) {
    const Response* const found = pending_.find(each.key);
    ensure(found != nullptr, "an expiry entry has its response");
    if (!importer.imports()->asks(exporter_, found->terms->exported)) {
      unasked.push_back(each.key);
    }
  }
  for (const Key key : unasked) {
    forget(key);
  }
}

bool ServiceResponses::on_response(const MessageSource& source, const PublishCommand& publish) {
  const std::optional<Key> key = number_of(publish.subject.substr(prefix_.size()));
  Response* const found = key.has_value() ? pending_.find(*key) : nullptr;
  if (found == nullptr) {
    return false;
  }
  const bool is_empty = publish.total_size == 0;
  const bool is_last = found->terms->type == ResponseType::singleton || is_empty;
  found->deadline = context_.now + found->terms->threshold;
  // Copied: carrying it on may bring new requests into this table.
  const Response response = *found;
  if (has_passed(source.via, exporter_, response.terms->exported)) {
    return false;
  }
  RewrittenPublish message(publish);
  message.set_subject(response.reply);
  std::optional<Key> further;
  if (!publish.reply.empty() && !is_acknowledgement(publish.reply)) {
    ServiceResponses& back = response.importer->responses(context_);
    further = back.expect(exporter_, publish.reply, response.terms);
    message.set_reply(back.subject_of(*further));
  }
  ServiceStep step;
  step.before = source.via;
  step.exporter = &exporter_;
  step.exported = response.terms->exported;
  MessageSource onward = MessageSource::of_engine();
  onward.client = source.client;
  onward.via = &step;
  const bool is_taken = republish(context_, *response.importer, onward, message);
  if (!is_taken && further.has_value()) {
    response.importer->responses(context_).forget(*further);
  }
  if (!is_taken || is_last) {
    forget(*key);
  }
  return is_taken;
}

std::vector<ServiceResponses::Owed> ServiceResponses::first_owed(std::size_t count) const {
  std::vector<Owed> owed;
  for (const auto& [importer, share] : shares_) {
    for (const Expiry& each : share.expiries) {
      if (owed.size() == count) {
        return owed;
      }
      const Response* const found = pending_.find(each.key);
      ensure(found != nullptr, "an expiry entry has its response");
      owed.push_back({subject_of(each.key), found->importer->name(), found->reply});
    }
  }
  return owed;
}

void ServiceResponses::count_interest() const { exporter_.count_interest(*subscription_); }

void ServiceResponses::on_timer() {
  armed_ = Instant::never();
  for (auto& [importer, share] : shares_) {
    renew_first(share);
    while (!share.expiries.empty() && share.expiries.begin()->deadline <= context_.now) {
      forget(share.expiries.begin()->key);
      renew_first(share);
    }
    arm(share);
  }
}

// One timer serves all accounts; a deadline that moved later is found too early and armed again.
void ServiceResponses::arm(const Share& share) {
  if (!share.expiries.empty() && share.expiries.begin()->deadline < armed_) {
    armed_ = share.expiries.begin()->deadline;
    context_.timers.arm({armed_, {no_connection_slot, 0}, TimerKind::service});
  }
}

}  // namespace rubus
