// ServiceResponses: replies that services of one exporting account owe to other accounts.
//
// A request that crosses into this account gets a reply subject of its own here,
// "_R_.<prefix>.<key>"; what is published on it goes to the asker's reply subject in the asker's
// account. One answer ends a singleton, an empty message a stream; what nobody answers within the
// export's threshold is forgotten. There is room for `units_max`; when it is used up, the account
// that takes most of it loses what it would have to forget first, so that no importer can make the
// answers of another one vanish. The prefix is drawn once, so one wildcard subscription (that peers
// are told of) catches all. Invariant: every pending response has one expiry entry, in the share of
// its importer, not later than its deadline. Source: behaviour of nats-server 2.15.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/lookup.h"
#include "engine/base/sorted.h"
#include "engine/base/time.h"
#include "engine/client/client_parser.h"
#include "engine/routing/message_source.h"
#include "engine/routing/service.h"
#include "engine/seam/options.h"

namespace rubus {

class Account;
struct EngineContext;

// What is known of the export that a response belongs to.
struct ResponseTerms {
  ResponseType type = ResponseType::singleton;
  Duration threshold = seconds(120);
  std::string exported;  // subject of the export
};

class ServiceResponses {
 public:
  // A response takes one unit, and one for each unit_bytes of its reply subject.
  static constexpr std::size_t units_max = 65'536;
  static constexpr std::size_t unit_bytes = 256;
  using Key = std::uint64_t;

  ServiceResponses(EngineContext& context, Account& exporter);
  ~ServiceResponses();
  ServiceResponses(const ServiceResponses&) = delete;
  ServiceResponses& operator=(const ServiceResponses&) = delete;

  // From now on an answer to subject_of(key) goes to `reply` in `importer`.
  Key expect(Account& importer, std::string_view reply, std::shared_ptr<const ResponseTerms> terms);
  std::string subject_of(Key key) const;
  void forget(Key key);
  // The importing account's imports changed: what it does not import any more is not answered.
  void forget_unasked(const Account& importer);

  // Somebody published on one of the subjects.
  bool on_response(const MessageSource& source, const PublishCommand& publish);
  void on_timer();
  void count_interest() const;

  std::size_t pending() const { return pending_.size(); }
  // The first `count` of them, in a fixed order: their subject here, who waits, and as what.
  struct Owed {
    std::string subject;
    std::string_view importer;
    std::string_view reply;
  };
  std::vector<Owed> first_owed(std::size_t count) const;

  template <class V>
  void visit(V& v) const {
    v("responses", pending_.size());
    v("prefix", std::string_view(prefix_));
    for (const auto& [importer, share] : shares_) {
      v("importer", std::string_view(importer));
      for (const Expiry& each : share.expiries) {
        v("deadline", each.deadline);
        v("key", each.key);
      }
    }
  }

 private:
  struct Response {
    Account* importer = nullptr;
    std::string reply;
    std::shared_ptr<const ResponseTerms> terms;
    Instant deadline;
    Instant listed;  // where its expiry entry stands
  };
  struct Expiry {
    Instant deadline;
    Key key = 0;
    friend auto operator<=>(const Expiry&, const Expiry&) = default;
  };

  // What one account waits for.
  struct Share {
    SortedSet<Expiry> expiries;
    std::size_t units = 0;
  };

  Key fresh_key();
  void forget_oldest();
  // Moves entries of responses that have a later deadline now, until the first is up to date.
  void renew_first(Share& share);
  void arm(const Share& share);

  EngineContext& context_;
  Account& exporter_;
  const Service service_;
  std::string prefix_;  // "_R_.xxxxxx."
  Subscription* subscription_ = nullptr;
  LookupMap<Key, Response> pending_;
  SortedMap<std::string, Share> shares_;  // by importer
  std::size_t units_ = 0;                 // of all shares
  Instant armed_ = Instant::never();
};

}  // namespace rubus
