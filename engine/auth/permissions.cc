#include "engine/auth/permissions.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

// A subject with an empty token matches no pattern, not even one that ends with '>'.
bool matches_any(const std::vector<std::string>& patterns, std::string_view subject) {
  return !has_empty_token(subject) &&
         std::any_of(patterns.begin(), patterns.end(), [subject](const std::string& pattern) {
           return subject_matches(pattern, subject);
         });
}

}  // namespace

PermissionSet::PermissionSet(const Permissions& permissions)
    : publish_restricted_(!permissions.publish_allow.empty() || permissions.responses.has_value()),
      publish_allow_(permissions.publish_allow),
      publish_deny_(permissions.publish_deny),
      subscribe_allow_(patterns_of(permissions.subscribe_allow)),
      subscribe_deny_(patterns_of(permissions.subscribe_deny)),
      responses_(permissions.responses) {
  denies_reserved_only_ =
      !publish_restricted_ &&
      std::all_of(publish_deny_.begin(), publish_deny_.end(),
                  [](const std::string& pattern) { return pattern.starts_with('$'); });
}

std::vector<PermissionSet::SubscribePattern> PermissionSet::patterns_of(
    const std::vector<std::string>& entries) {
  std::vector<SubscribePattern> patterns;
  for (const std::string& entry : entries) {
    const std::size_t blank = entry.find_first_of(" \t");
    if (blank == std::string::npos) {
      patterns.push_back({entry, {}});
      continue;
    }
    const std::size_t queue = entry.find_first_not_of(" \t", blank);
    patterns.push_back(
        {entry.substr(0, blank), queue == std::string::npos ? std::string() : entry.substr(queue)});
  }
  return patterns;
}

bool PermissionSet::SubscribePattern::concerns(std::string_view asked) const {
  return queue.empty() || (!asked.empty() && subject_matches(queue, asked));
}

bool PermissionSet::may_publish(std::string_view subject) {
  if (denies_reserved_only_ && !subject.starts_with('$')) [[likely]] {
    return true;
  }
  if (const bool* known = verdicts_.find(subject); known != nullptr) {
    return *known;
  }
  const bool allowed = (!publish_restricted_ || matches_any(publish_allow_, subject)) &&
                       !matches_any(publish_deny_, subject);
  if (verdicts_.size() >= cached_verdicts_max) {
    verdicts_.clear();
  }
  verdicts_.insert(std::string(subject), allowed);
  return allowed;
}

bool PermissionSet::is_expired(const Reply& reply, Instant now) const {
  return responses_->time_to_live.nanoseconds >= 0 &&
         now - reply.remembered > responses_->time_to_live;
}

bool PermissionSet::may_respond(std::string_view subject, Instant now) {
  if (!responses_.has_value()) {
    return false;
  }
  const auto found = replies_.find(subject);
  if (found == replies_.end()) {
    return false;
  }
  Reply& reply = found->second;
  const bool used_up = responses_->messages_max >= 0 && reply.used >= responses_->messages_max;
  if (used_up || is_expired(reply, now)) {
    replies_.erase(found);
    return false;
  }
  ++reply.used;
  return true;
}

bool PermissionSet::may_subscribe(std::string_view subject, std::string_view queue) const {
  // Plain entries and the queue entries that matter to this subscription, as one verdict each.
  const auto judge = [subject, queue](const std::vector<SubscribePattern>& patterns, bool covers) {
    bool plain = false;
    bool has_queue_entry = false;
    bool queue_named = false;
    for (const SubscribePattern& pattern : patterns) {
      const bool hit =
          covers ? is_subset(subject, pattern.subject) : subject_matches(pattern.subject, subject);
      if (!hit) {
        continue;
      }
      if (pattern.queue.empty()) {
        plain = true;
      } else {
        has_queue_entry = true;
        queue_named = queue_named || subject_matches(pattern.queue, queue);
      }
    }
    return !queue.empty() && has_queue_entry ? queue_named : plain;
  };
  const bool allowed = subscribe_allow_.empty() || judge(subscribe_allow_, true);
  return allowed && !judge(subscribe_deny_, false);
}

bool PermissionSet::needs_filter(std::string_view subject, std::string_view queue) const {
  return has_wildcard(subject) && std::any_of(subscribe_deny_.begin(), subscribe_deny_.end(),
                                              [subject, queue](const SubscribePattern& pattern) {
                                                return pattern.concerns(queue) &&
                                                       subjects_overlap(pattern.subject, subject);
                                              });
}

bool PermissionSet::is_delivery_denied(std::string_view subject, std::string_view queue) const {
  return std::any_of(subscribe_deny_.begin(), subscribe_deny_.end(),
                     [subject, queue](const SubscribePattern& pattern) {
                       return pattern.concerns(queue) && subject_matches(pattern.subject, subject);
                     });
}

void PermissionSet::remember_reply(std::string_view reply, Instant now) {
  if (!responses_.has_value() || may_publish(reply)) {
    return;
  }
  if (replies_.size() >= replies_max) {
    prune_replies(now);
  }
  replies_[std::string(reply)] = {now, 0};
}

// First what may no longer be used; if all may, an old quarter, so that the cost is spread.
void PermissionSet::prune_replies(Instant now) {
  ensure(responses_.has_value(), "replies are remembered only with allow_responses");
  for (auto at = replies_.begin(); at != replies_.end();) {
    const bool used_up =
        responses_->messages_max >= 0 && at->second.used >= responses_->messages_max;
    at = used_up || is_expired(at->second, now) ? replies_.erase(at) : std::next(at);
  }
  if (replies_.size() < replies_max) {
    return;
  }
  std::vector<Instant> ages;
  ages.reserve(replies_.size());
  for (const auto& [subject, reply] : replies_) {
    ages.push_back(reply.remembered);
  }
  const auto quarter = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 4);
  std::nth_element(ages.begin(), quarter, ages.end());
  std::size_t leaving = replies_max / 4;  // many may share the quarter's age
  for (auto at = replies_.begin(); at != replies_.end() && leaving > 0;) {
    const bool leaves = at->second.remembered <= *quarter;
    leaving -= leaves ? 1 : 0;
    at = leaves ? replies_.erase(at) : std::next(at);
  }
}

}  // namespace rubus
