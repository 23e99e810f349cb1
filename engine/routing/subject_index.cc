#include "engine/routing/subject_index.h"

#include "engine/base/ensure.h"
#include "engine/routing/subject.h"

namespace rubus {

struct SubjectIndex::Node {
  // Children by literal token. Sorted rather than hashed: most nodes have few.
  SortedMap<std::string, std::unique_ptr<Node>> literal;
  std::unique_ptr<Node> star;
  Subscription* here = nullptr;     // chain of subscriptions that end at this node
  Subscription* greater = nullptr;  // chain of subscriptions that go on with '>'

  bool is_unused() const {
    return literal.empty() && star == nullptr && here == nullptr && greater == nullptr;
  }
};

namespace {

// Behind the head: the first subscription of a subject stays the head while it lives.
void link_behind(Subscription* head, Subscription* added) {
  added->subject_next = head->subject_next;
  added->subject_previous = head;
  if (head->subject_next != nullptr) {
    head->subject_next->subject_previous = added;
  }
  head->subject_next = added;
}

// Takes `leaving` out of its chain; returns the chain's new head given the old one.
Subscription* unlink(Subscription* head, Subscription* leaving) {
  Subscription* next = leaving->subject_next;
  Subscription* previous = leaving->subject_previous;
  if (next != nullptr) {
    next->subject_previous = previous;
  }
  if (previous != nullptr) {
    previous->subject_next = next;
  }
  leaving->subject_next = nullptr;
  leaving->subject_previous = nullptr;
  return head == leaving ? next : head;
}

void add_chain(Subscription* head, MatchResult& result) {
  for (Subscription* at = head; at != nullptr; at = at->subject_next) {
    result.add(at);
  }
}

}  // namespace

void MatchResult::add(Subscription* subscription) {
  const bool is_client = subscription->kind <= SubscriptionKind::shadow;
  if (subscription->is_queue()) {
    QueueMatch& queue = queue_of(*subscription);
    // The shadow of a client's wish has its session, that of a leaf node's has none.
    const bool is_imported =
        subscription->kind == SubscriptionKind::shadow && subscription->session == nullptr;
    (is_imported ? queue.imported
     : is_client ? queue.members
                 : queue.remotes)
        .push_back(subscription);
  } else if (is_client) {
    plain.push_back(subscription);
  } else if (subscription->kind == SubscriptionKind::peer) {
    peers.push_back(subscription);
  } else {
    services.push_back(subscription);
  }
}

// Few groups are found by looking at each; many, which one client can bring about, by a table.
QueueMatch& MatchResult::queue_of(const Subscription& subscription) {
  constexpr std::size_t scanned_max = 16;
  if (queues.size() < scanned_max) {
    for (QueueMatch& queue : queues) {
      if (queue.name == subscription.queue()) {
        return queue;
      }
    }
  } else {
    if (by_name.empty()) {
      for (std::size_t at = 0; at < queues.size(); ++at) {
        by_name.insert(queues[at].name, at);
      }
    }
    const auto [place, is_new] = by_name.insert(subscription.queue(), queues.size());
    if (!is_new) {
      return queues[*place];
    }
  }
  return queues.emplace_back(QueueMatch{subscription.queue(), {}, {}, {}});
}

SubjectIndex::SubjectIndex() : root_(std::make_unique<Node>()) {}
SubjectIndex::~SubjectIndex() = default;

void SubjectIndex::insert(Subscription* subscription) {
  ensure(is_valid_subject(subscription->subject()), "only valid subjects are indexed");
  ++size_;
  if (has_wildcard(subscription->subject())) {
    ++wildcard_generation_;
    insert_wildcard(subscription);
  } else {
    insert_literal(subscription);
  }
}

void SubjectIndex::remove(Subscription* subscription) {
  ensure(size_ > 0, "a subscription is removed only after it was inserted");
  --size_;
  if (has_wildcard(subscription->subject())) {
    ++wildcard_generation_;
    remove_wildcard(subscription);
  } else {
    remove_literal(subscription);
  }
}

void SubjectIndex::insert_literal(Subscription* subscription) {
  Subscription* const* head = literals_.find(subscription->subject());
  if (head == nullptr) {
    literals_.insert(subscription);
  } else {
    link_behind(*head, subscription);
  }
}

void SubjectIndex::remove_literal(Subscription* subscription) {
  Subscription* const* found = literals_.find(subscription->subject());
  ensure(found != nullptr, "an indexed subject has a chain");
  if (*found != subscription) {
    unlink(*found, subscription);
    return;
  }
  // The table's key is the head's text, so a new head must be entered anew.
  literals_.erase(subscription->subject());
  Subscription* head = unlink(subscription, subscription);
  if (head != nullptr) {
    literals_.insert(head);
  }
}

void SubjectIndex::insert_wildcard(Subscription* subscription) {
  Node* node = root_.get();
  TokenCursor cursor(subscription->subject());
  std::string_view token;
  Subscription** chain = nullptr;
  while (chain == nullptr && cursor.next(token)) {
    if (token == ">") {
      chain = &node->greater;
      break;
    }
    std::unique_ptr<Node>* child = nullptr;
    if (token == "*") {
      child = &node->star;
    } else {
      const auto found = node->literal.find(token);
      child = found != node->literal.end() ? &found->second : &node->literal[std::string(token)];
    }
    if (*child == nullptr) {
      *child = std::make_unique<Node>();
    }
    node = child->get();
    if (cursor.is_last()) {
      chain = &node->here;
    }
  }
  if (*chain == nullptr) {
    *chain = subscription;
  } else {
    link_behind(*chain, subscription);
  }
}

void SubjectIndex::remove_wildcard(Subscription* subscription) {
  // The path from the root, so that nodes left empty can be taken away again.
  std::vector<std::pair<Node*, std::string_view>> path;
  Node* node = root_.get();
  TokenCursor cursor(subscription->subject());
  std::string_view token;
  bool ends_with_greater = false;
  while (cursor.next(token)) {
    if (token == ">") {
      ends_with_greater = true;
      break;
    }
    path.emplace_back(node, token);
    if (token == "*") {
      node = node->star.get();
    } else {
      const auto found = node->literal.find(token);
      node = found == node->literal.end() ? nullptr : found->second.get();
    }
    ensure(node != nullptr, "an indexed wildcard subject has its path");
  }
  Subscription*& chain = ends_with_greater ? node->greater : node->here;
  ensure(chain != nullptr, "an indexed wildcard subject has its chain");
  chain = unlink(chain, subscription);
  while (!path.empty() && node->is_unused()) {
    const auto [parent, step] = path.back();
    path.pop_back();
    if (step == "*") {
      parent->star.reset();
    } else {
      parent->literal.erase(step);
    }
    node = parent;
  }
}

void SubjectIndex::match(std::string_view subject, MatchResult& result) const {
  if (has_empty_token(subject)) {
    return;
  }
  Subscription* const* head = literals_.find(subject);
  if (head != nullptr) {
    add_chain(*head, result);
  }
  // Breadth first: all nodes that the tokens so far can lead to.
  current_.assign(1, root_.get());
  TokenCursor cursor(subject);
  std::string_view token;
  while (!current_.empty() && cursor.next(token)) {
    following_.clear();
    for (const Node* node : current_) {
      add_chain(node->greater, result);
      if (node->star != nullptr) {
        following_.push_back(node->star.get());
      }
      const auto found = node->literal.find(token);
      if (found != node->literal.end()) {
        following_.push_back(found->second.get());
      }
    }
    current_.swap(following_);
  }
  for (const Node* node : current_) {
    add_chain(node->here, result);
  }
}

}  // namespace rubus
