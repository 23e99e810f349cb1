// The part of PubsubModel that knows permissions (client_protocol.md §11).
#include <algorithm>

#include "sim/model/naive_subject.h"
#include "sim/model/pubsub_model.h"

namespace rubus::sim {

namespace {

struct Entry {
  std::string subject;
  std::string queue;  // empty: of any kind
};

// In the text form of scenarios a blank cannot be written; "subject:queue" stands for it.
Entry entry_of(const std::string& text) {
  const std::size_t separator = text.find_first_of(" :");
  if (separator == std::string::npos) {
    return {text, ""};
  }
  return {text.substr(0, separator), text.substr(separator + 1)};
}

}  // namespace

bool PubsubModel::is_publish_listed(const ScenarioUser& user, std::string_view subject) {
  if (!user.has_permissions) {
    return true;
  }
  const auto takes = [subject](const std::string& pattern) { return is_match(pattern, subject); };
  if (std::any_of(user.publish_deny.begin(), user.publish_deny.end(), takes)) {
    return false;
  }
  if (user.publish_allow.empty()) {
    return !user.may_respond;  // with allow_responses, nothing but responses is allowed
  }
  return std::any_of(user.publish_allow.begin(), user.publish_allow.end(), takes);
}

bool PubsubModel::may_publish(ModelSession& session, std::string_view subject, Instant now) {
  const ScenarioUser& user = *session.user;
  if (is_publish_listed(user, subject)) {
    return true;
  }
  const auto found = session.responses.find(std::string(subject));
  if (found == session.responses.end()) {
    return false;
  }
  ModelSession::Response& response = found->second;
  ++response.uses;
  const bool is_used_up = user.responses_max > 0 && response.uses > user.responses_max;
  const bool is_expired =
      user.responses_ms > 0 && now - response.since > milliseconds(user.responses_ms);
  if (is_used_up || is_expired) {
    session.responses.erase(found);
    return false;
  }
  return true;
}

bool PubsubModel::may_subscribe(const ScenarioUser& user, const ScenarioStep& step) {
  if (!user.has_permissions) {
    return true;
  }
  const auto takes = [&step](const std::string& text) {
    const Entry entry = entry_of(text);
    return is_subset(step.subject, entry.subject) &&
           (entry.queue.empty() || is_match(entry.queue, step.queue));
  };
  if (!user.subscribe_allow.empty() &&
      std::none_of(user.subscribe_allow.begin(), user.subscribe_allow.end(), takes)) {
    return false;
  }
  return std::none_of(user.subscribe_deny.begin(), user.subscribe_deny.end(), takes);
}

// An entry with a queue holds messages back from members of that queue alone (seen on 2.15.1).
bool PubsubModel::may_receive(const ScenarioUser& user, const ModelSubscription& subscription,
                              std::string_view subject) {
  if (!user.has_permissions) {
    return true;
  }
  return std::none_of(
      user.subscribe_deny.begin(), user.subscribe_deny.end(), [&](const std::string& text) {
        const Entry entry = entry_of(text);
        return is_match(entry.subject, subject) &&
               (entry.queue.empty() ||
                (!subscription.queue.empty() && is_match(entry.queue, subscription.queue)));
      });
}

}  // namespace rubus::sim
