#include "engine/auth/account_imports.h"

#include <algorithm>

#include "engine/auth/account_exports.h"
#include "engine/auth/service_step.h"
#include "engine/base/ensure.h"
#include "engine/client/address_text.h"
#include "engine/client/client_session.h"
#include "engine/engine_context.h"
#include "engine/peer/peer_link.h"
#include "engine/routing/republish.h"
#include "engine/wire/header_edit.h"

namespace rubus {

namespace {

constexpr std::string_view acknowledgement_prefix = "$JS.ACK.";

bool has_problem(const std::vector<ImportProblem>& problems, bool is_service, std::size_t at) {
  return std::any_of(problems.begin(), problems.end(), [=](const ImportProblem& problem) {
    return problem.is_service == is_service && problem.import == at;
  });
}

}  // namespace

AccountImports::AccountImports(EngineContext& context, Account& importer)
    : context_(context), importer_(importer) {}

// The index they stand in goes with the account.
AccountImports::~AccountImports() {
  ensure(shadows_.empty(), "shadows leave with the wishes they belong to");
  for (const std::unique_ptr<Requests>& each : services_) {
    Subscription::destroy(each->subscription);
  }
}

void AccountImports::set(const AccountOptions& options, const std::vector<ImportProblem>& problems,
                         std::string text) {
  text_ = std::move(text);
  streams_.clear();
  for (std::size_t at = 0; at < options.stream_imports.size(); ++at) {
    std::string error;
    std::optional<StreamImportRule> rule =
        StreamImportRule::make(options.stream_imports[at], error);
    if (rule.has_value() && !has_problem(problems, false, at)) {
      streams_.push_back(std::make_shared<const StreamImportRule>(std::move(*rule)));
    }
  }
  const std::size_t before = services_.size();
  for (std::size_t at = 0; at < options.service_imports.size(); ++at) {
    if (!has_problem(problems, true, at)) {
      add_service(options.service_imports[at]);
    }
  }
  drop_services(before);
}

void AccountImports::add_service(const ServiceImport& import) {
  std::string error;
  std::optional<ServiceImportRule> rule = ServiceImportRule::make(import, error);
  Account* const exporter = context_.find_account(import.account);
  const AccountOptions* const options =
      find_account_options(context_.effective_accounts, import.account);
  if (!rule.has_value() || exporter == nullptr || options == nullptr) {
    return;
  }
  const ServiceExport* const exported =
      find_service_export(*options, importer_.name(), import.subject);
  if (exported == nullptr) {
    return;
  }
  auto made = std::make_unique<Requests>(
      Requests{std::move(*rule),
               exporter,
               std::make_shared<const ResponseTerms>(ResponseTerms{
                   exported->response_type, exported->response_threshold, exported->subject}),
               {},
               nullptr});
  made->service = {ServiceKind::service_import, &importer_,
                   static_cast<std::uint32_t>(services_.size())};
  made->subscription = Subscription::create_for_service(&made->service, made->rule.here());
  importer_.insert(made->subscription);
  services_.push_back(std::move(made));
}

void AccountImports::drop_services(std::size_t count) {
  for (std::size_t at = 0; at < count; ++at) {
    importer_.remove(services_[at]->subscription);
    Subscription::destroy(services_[at]->subscription);
  }
  services_.erase(services_.begin(), services_.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t at = 0; at < services_.size(); ++at) {
    services_[at]->service.number = static_cast<std::uint32_t>(at);
  }
}

void AccountImports::count_interest(Account& joined) const {
  for (const std::unique_ptr<Requests>& each : services_) {
    if (&importer_ == &joined) {
      joined.count_interest(*each->subscription);
    }
  }
  for (const std::unique_ptr<Shadow>& shadow : shadows_) {
    if (shadow->exporter == &joined) {
      joined.count_interest(*shadow->subscription);
    }
  }
}

// ---- streams ----

void AccountImports::add_shadows(Subscription& original) {
  for (const std::shared_ptr<const StreamImportRule>& rule : streams_) {
    const std::optional<std::string> wish = rule->wish_there(original.subject());
    Account* const exporter = context_.find_account(rule->account());
    if (!wish.has_value() || exporter == nullptr) {
      continue;
    }
    Shadow& shadow = *shadows_.emplace_back(std::make_unique<Shadow>());
    shadow.rule = rule;
    shadow.exporter = exporter;
    shadow.original = &original;
    shadow.next = original.shadows;
    shadow.home = this;
    shadow.place = shadows_.size() - 1;
    shadow.subscription =
        Subscription::create_shadow(&shadow, original.session, *wish, original.queue());
    original.shadows = &shadow;
    exporter->insert(shadow.subscription);
  }
}

void AccountImports::renew_shadows(Subscription& original) {
  Shadow* const before = original.shadows;
  original.shadows = nullptr;
  add_shadows(original);
  drop(before);
}

void AccountImports::drop_shadows(Subscription& original) {
  Shadow* const first = original.shadows;
  original.shadows = nullptr;
  drop(first);
}

void AccountImports::drop(Shadow* first) {
  while (first != nullptr) {
    Shadow* const next = first->next;
    first->exporter->remove(first->subscription);
    Subscription::destroy(first->subscription);
    first->home->erase(*first);
    first = next;
  }
}

// The last one takes its place.
void AccountImports::erase(const Shadow& shadow) {
  const std::size_t place = shadow.place;
  std::swap(shadows_[place], shadows_.back());
  shadows_[place]->place = place;
  shadows_.pop_back();
}

bool AccountImports::deliver(const Shadow& shadow, const MessageSource& source,
                             const PublishCommand& publish) {
  if (source.via != nullptr) {
    return false;
  }
  RewrittenPublish message(publish);
  message.set_subject(shadow.rule->here_of(publish.subject));
  Subscription& original = *shadow.original;
  if (original.kind == SubscriptionKind::client) {
    return original.session->deliver(original, message.command(), source.client);
  }
  return shadow.home->offer_link(original, source, message.command().subject);
}

// However many wishes behind it want the message, a link gets it once, with all the groups that it
// shall serve.
bool AccountImports::offer_link(const Subscription& original, const MessageSource& source,
                                std::string_view subject) {
  PeerLink& link = *original.peer;
  if (!link.may_take(source, original, subject)) {
    return false;
  }
  std::vector<ImportedMessage>& waiting = context_.fan_imports;
  auto place = std::find_if(waiting.begin(), waiting.end(), [&](const ImportedMessage& each) {
    return each.link == &link && each.subject == subject;
  });
  if (place == waiting.end()) {
    place = waiting.insert(waiting.end(), {&link, &importer_, std::string(subject), {}});
  }
  if (original.is_queue() && std::find(place->queues.begin(), place->queues.end(),
                                       original.queue()) == place->queues.end()) {
    place->queues.push_back(original.queue());
  }
  return true;
}

// ---- services ----

bool AccountImports::asks(const Account& exporter, std::string_view exported) const {
  return std::any_of(services_.begin(), services_.end(), [&](const auto& each) {
    return each->exporter == &exporter && each->terms->exported == exported;
  });
}

bool AccountImports::on_request(std::uint32_t number, const MessageSource& source,
                                const PublishCommand& publish) {
  // Other servers and shards have the same imports, and saw to it where the message was published.
  if (source.kind == ConnectionKind::route || source.kind == ConnectionKind::sibling) {
    return false;
  }
  ensure(number < services_.size(), "a service import has its place");
  const Requests& asked = *services_[number];
  Account& exporter = *asked.exporter;
  if (has_passed(source.via, exporter, asked.terms->exported)) {
    return false;
  }
  RewrittenPublish message(publish);
  message.set_subject(asked.rule.there_of(publish.subject));
  std::optional<ServiceResponses::Key> key;
  const std::string_view reply = publish.reply;
  if (!reply.empty() && reply.substr(0, acknowledgement_prefix.size()) != acknowledgement_prefix) {
    ServiceResponses& responses = exporter.responses(context_);
    key = responses.expect(importer_, reply, asked.terms);
    message.set_reply(responses.subject_of(*key));
  }
  const RequestInfo info = info_for(asked, source);
  message.set_headers(context_.pool,
                      set_header(message.headers(), request_info_header, info.json()));
  ServiceStep step;
  step.before = source.via;
  step.exporter = &exporter;
  step.exported = asked.terms->exported;
  step.shares = source.via != nullptr ? source.via->shares : asked.rule.shares();
  step.info = &info;
  MessageSource onward = MessageSource::of_engine();
  onward.client = source.client;
  onward.via = &step;
  const bool is_taken = republish(context_, exporter, onward, message);
  if (!is_taken && key.has_value()) {
    exporter.responses(context_).forget(*key);
  }
  return is_taken;
}

void AccountImports::add_server(RequestInfo& info, const MessageSource& source) const {
  const bool is_leaf = source.client == nullptr && source.peer != nullptr;
  info.server = is_leaf ? source.peer->remote_name : context_.options->identity.server_name;
  info.cluster = context_.cluster_name;
}

RequestInfo AccountImports::info_for(const Requests& asked, const MessageSource& source) const {
  const ServiceStep* const via = source.via;
  const bool tells_server = asked.rule.shares() || asked.exporter->is_system();
  if (via != nullptr && via->info != nullptr) {
    RequestInfo info = *via->info;
    info.service = importer_.name();
    if (!via->shares && tells_server) {
      add_server(info, source);
    }
    return info;
  }
  RequestInfo info;
  info.account = importer_.name();
  const bool shares = via != nullptr ? via->shares : asked.rule.shares();
  if (shares || tells_server) {
    add_server(info, source);
  }
  if (source.client != nullptr) {
    info.account = source.client->account()->name();
    info.round_trip = source.client->wire().keepalive.round_trip_estimate();
  } else if (source.peer != nullptr) {
    info.round_trip = source.peer->wire.keepalive.round_trip_estimate();
  }
  if (!shares) {
    return info;
  }
  if (source.client != nullptr) {
    const ConnectionRecord record = source.client->record();
    info.start = record.start;
    info.host = host_text(record.remote);
    info.id = record.number.value;
    info.user = record.user;
    info.name = record.name;
    info.lang = record.lang;
    info.version = record.version;
    info.kind = "Client";
    info.client_type = "nats";
  } else if (source.peer != nullptr) {
    info.start = source.peer->started();
    info.host = host_text(source.peer->remote());
    info.id = source.peer->number().value;
    info.kind = "Leafnode";
  }
  return info;
}

}  // namespace rubus
