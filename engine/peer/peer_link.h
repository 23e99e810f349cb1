// PeerLink: what any link to another engine does once its handshake is over, be it a route, a leaf
// node or a sibling shard.
//
// It takes in the peer's interest (as subscriptions of its own) and messages, and writes interest
// and messages for the peer. The session that owns it runs the handshake, decides when it joins,
// and closes. Invariants: while not joined it neither sends nor keeps interest; its subscriptions
// are gone when it leaves; no message goes back to where it came from.
// Source: cluster_protocol.md sections C and D.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/auth/account.h"
#include "engine/auth/permissions.h"
#include "engine/base/lookup.h"
#include "engine/engine_context.h"
#include "engine/peer/peer_lines.h"
#include "engine/peer/peer_parser.h"
#include "engine/routing/message_source.h"
#include "engine/seam/input.h"
#include "engine/seam/shard_snapshot.h"
#include "engine/wire/wire.h"

namespace rubus {

class PeerLink {
 public:
  PeerLink(EngineContext& context, const ConnectionOpened& opened, ClientNumber number);
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  ConnectionKind kind() const { return kind_; }
  ClientNumber number() const { return number_; }
  const Address& remote() const { return remote_; }
  WallTime started() const { return start_; }
  bool is_joined() const { return is_joined_; }
  bool is_sibling() const { return kind_ == ConnectionKind::sibling; }
  // A sibling is never given up: whoever fills it waits until this is over.
  bool is_full_sibling() const {
    constexpr std::size_t full_bytes = std::size_t{8} << 20U;
    return is_sibling() && wire.outbound().size() > full_bytes;
  }

  // From now on both sides tell each other what they want. Sends the whole interest.
  void join();
  // Accounts may have changed.
  void on_options() { last_route_ = {}; }
  // The peer spoke of an account that was not known then.
  bool has_ignored() const { return has_ignored_; }
  // Forgets the peer's interest, at once.
  void leave();

  // What the peer says. Of an account that is not known here: ignored, and logged.
  // False: the wish is one too many (interest_max) and was not taken.
  bool on_interest(const PeerInterest& said);
  void on_no_interest(const PeerInterest& said);
  void on_message(const PeerMessage& message);

  // What the peer is told. Whoever does not read what it asked for is slow, whatever it was.
  void send(std::string_view line);
  void announce_change(Account& account, const InterestChange& change);
  // Only what may_take() allowed.
  void forward(Account& account, const PublishCommand& publish, const MessageSource& source);
  // A group that the peer shall serve with the message that is being fanned out.
  void add_queue(std::string_view name) { queues_.push_back(name); }

  // Whether a message from `source` may go over this link to one of its subscriptions.
  bool may_take(const MessageSource& source) const;
  bool may_take(const MessageSource& source, const Subscription& subscription,
                std::string_view subject) const {
    return may_take(source) && (subscription.origin == 0 || subscription.origin != source.origin) &&
           (filter == nullptr || filter->may_publish(subject));
  }
  // Leaf nodes are the last choice for a queue.
  bool is_last_choice(const Subscription& subscription) const {
    return kind_ == ConnectionKind::leaf || subscription.origin != 0;
  }

  // What it sends fills a sibling shard: to be read no further until none is full any more.
  bool stall_requested = false;
  // Renews the wait that was requested; whether there is one.
  bool settle_stall();
  bool leads_to_first_shard = false;  // of this process
  // Used by one fan-out at a time, so that each link gets a message once.
  std::uint64_t fan_stamp = 0;

  std::string label() const;  // for log lines
  void log(LogLevel level, std::string_view text) const;

  Wire wire;
  PeerParser parser;
  PeerLineForm form;
  std::string remote_id;    // server id of the other end
  std::string remote_name;  // server name
  WallTime last_activity;

  // Leaf nodes: whose messages and wishes cross, and the cluster at the other end.
  Account* account = nullptr;
  OriginNumber origin = 0;         // acquired before join(), released by leave()
  bool is_spoke = false;           // the other end is the hub
  bool is_isolated = false;        // is not told what other leaf nodes want
  std::int64_t interest_max = -1;  // how many wishes it may have; negative: any number
  // What may be sent to the peer (its publish side: export), and what it may be asked for (its
  // subscribe side: import). Null: everything.
  std::unique_ptr<PermissionSet> filter;

  // As monitoring shows it. The sid of a route's subscription is "account subject[ queue]".
  ConnectionRecord record(bool with_subscriptions) const;
  std::size_t interest_size() const { return subscriptions_.size(); }
  const Subscription* first_subscription() const { return first_; }
  Subscription* first_subscription() { return first_; }

  template <class V>
  void visit(V& v) const {
    v("kind", kind_);
    v("is_joined", is_joined_);
    v("remote_id", std::string_view(remote_id));
    v("remote_name", std::string_view(remote_name));
    wire.visit(v);
    parser.visit(v);
    for (const Subscription* at = first_; at != nullptr; at = at->owner_next) {
      v("subject", at->subject());
      v("queue", at->queue());
      v("account", at->sid());
      v("weight", at->weight);
      v("origin", at->origin);
    }
  }

 private:
  struct Key {
    std::string_view account;
    std::string_view subject;
    std::string_view queue;
    OriginNumber origin;
  };
  static Key key_of(const Key& key) { return key; }
  static Key key_of(const Subscription* subscription) {
    return {subscription->sid(), subscription->subject(), subscription->queue(),
            subscription->origin};
  }
  struct KeyHash {
    using is_transparent = void;
    template <class T>
    std::size_t operator()(const T& value) const {
      const Key key = key_of(value);
      return hash_of(key.subject) * 31 + hash_of(key.queue) * 7 + hash_of(key.account) + key.origin;
    }
  };
  struct KeyEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const Key left = key_of(a);
      const Key right = key_of(b);
      return left.subject == right.subject && left.queue == right.queue &&
             left.account == right.account && left.origin == right.origin;
    }
  };
  struct LastRoute {
    Account* account = nullptr;
    const MatchCache::Entry* entry = nullptr;
    std::uint64_t epoch = 0;
  };

  Account* account_named(std::string_view name);
  Key key_said(const PeerInterest& said) const;
  bool is_origin_known(const PeerInterest& said) const;
  void remove(Subscription* subscription);
  void tell(const PeerInterest& wish, bool is_wanted);
  void announce_all(Account& of);
  // How much of an interest this peer can see, not counting leaf clusters told by LS+.
  std::uint64_t visible(const Interest& interest) const;
  // Of one leaf cluster, told by LS+.
  std::uint64_t visible_origin(const OriginInterest& interest) const;
  bool tells_origins() const;
  bool may_tell(std::string_view subject, std::string_view queue);
  void note_slow();

  EngineContext& context_;
  const ConnectionKind kind_;
  const ClientNumber number_;
  const Address remote_;
  const WallTime start_;
  Traffic uncounted_;
  Traffic& totals_;
  bool is_joined_ = false;
  bool is_slow_ = false;
  LookupSet<Subscription*, KeyHash, KeyEqual> subscriptions_;
  Subscription* first_ = nullptr;
  Subscription* last_ = nullptr;
  LastRoute last_route_;
  bool has_ignored_ = false;
  std::string unknown_account_;  // the last one logged
  std::vector<std::string_view> queues_;
};

}  // namespace rubus
