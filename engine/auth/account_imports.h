// AccountImports: what one account takes from others, at work.
//
// Streams: each wish of a client or leaf node in this account that meets an import gets a shadow, a
// subscription in the exporting account, which leaves together with it; messages are delivered to
// the original under their name here and count against its maximum.
// Services: a subscription of kind `service` per import; a matching message goes on in the
// exporting account with a reply of its own (ServiceResponses) and word of who asks.
// Invariants: a shadow's original lives in the importing account and is linked to all its shadows;
// messages that came through a service import reach no shadow. Imports with problems
// (check_imports) are left out. Streams are not passed on through a second account; services are.
// Source: behaviour of nats-server 2.15.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/auth/import_check.h"
#include "engine/auth/request_info.h"
#include "engine/auth/service_import.h"
#include "engine/auth/service_responses.h"
#include "engine/auth/stream_import.h"
#include "engine/client/client_parser.h"
#include "engine/routing/message_source.h"
#include "engine/routing/service.h"
#include "engine/seam/options.h"

namespace rubus {

class Account;
class AccountImports;
struct EngineContext;
struct ServiceStep;
struct Subscription;

struct Shadow {
  std::shared_ptr<const StreamImportRule> rule;
  Account* exporter = nullptr;
  Subscription* subscription = nullptr;  // there
  Subscription* original = nullptr;      // here
  Shadow* next = nullptr;                // of the same original
  AccountImports* home = nullptr;
  std::size_t place = 0;  // in the table of its home
};

class AccountImports {
 public:
  AccountImports(EngineContext& context, Account& importer);
  ~AccountImports();
  AccountImports(const AccountImports&) = delete;
  AccountImports& operator=(const AccountImports&) = delete;

  // The imports of `options` from now on, but for those with a problem. The new ones begin before
  // the old ones end, so that no peer hears of a gap. What is subscribed keeps its shadows until
  // renew_shadows(). `text` names all of it; equal texts, equal imports.
  void set(const AccountOptions& options, const std::vector<ImportProblem>& problems,
           std::string text);
  std::string_view text() const { return text_; }

  bool has_streams() const { return !streams_.empty(); }
  void add_shadows(Subscription& original);
  void renew_shadows(Subscription& original);
  static void drop_shadows(Subscription& original);

  // Some service import goes to that export.
  bool asks(const Account& exporter, std::string_view exported) const;
  bool on_request(std::uint32_t number, const MessageSource& source, const PublishCommand& publish);
  // A message in an exporting account reached a shadow; false if the original cannot take it. What
  // goes over a link waits in EngineContext::fan_imports for the end of the fan-out.
  static bool deliver(const Shadow& shadow, const MessageSource& source,
                      const PublishCommand& publish);

  // Of its subscriptions, those that live in `joined`.
  void count_interest(Account& joined) const;

 private:
  struct Requests {
    ServiceImportRule rule;
    Account* exporter = nullptr;
    std::shared_ptr<const ResponseTerms> terms;
    Service service;
    Subscription* subscription = nullptr;
  };

  bool offer_link(const Subscription& original, const MessageSource& source,
                  std::string_view subject);
  static void drop(Shadow* first);
  void erase(const Shadow& shadow);
  void add_service(const ServiceImport& import);
  void drop_services(std::size_t count);
  RequestInfo info_for(const Requests& asked, const MessageSource& source) const;
  void add_server(RequestInfo& info, const MessageSource& source) const;

  EngineContext& context_;
  Account& importer_;
  std::string text_;
  std::vector<std::shared_ptr<const StreamImportRule>> streams_;
  std::vector<std::unique_ptr<Requests>> services_;
  std::vector<std::unique_ptr<Shadow>> shadows_;  // in no order
};

}  // namespace rubus
