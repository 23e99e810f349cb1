#include "engine/peer/leaf_rules.h"

#include <algorithm>
#include <array>

#include "engine/base/text_number.h"
#include "engine/client/quoted.h"

namespace rubus {

namespace {

constexpr std::string_view same_cluster_error = "remote leafnode has same cluster name";
constexpr std::string_view minimum_version_error =
    "connection rejected since minimum version required is ";
constexpr std::array<std::string_view, 3> jetstream_subjects = {"$JS.API.>", "$KV.>", "$OBJ.>"};

using Version = std::array<std::uint64_t, 3>;

std::optional<Version> version_of(std::string_view text) {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  Version version{};
  for (std::size_t at = 0; at < version.size(); ++at) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<std::uint64_t> number = parse_unsigned(text.substr(0, digits));
    if (!number.has_value()) {
      return std::nullopt;
    }
    version[at] = *number;
    text.remove_prefix(digits);
    if (at + 1 < version.size()) {
      if (!text.starts_with('.')) {
        return std::nullopt;
      }
      text.remove_prefix(1);
    }
  }
  const bool is_end = text.empty() || text.front() == '-' || text.front() == '+';
  return is_end ? std::optional<Version>(version) : std::nullopt;
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void close_to_jetstream(Permissions& filter) {
  for (const std::string_view subject : jetstream_subjects) {
    filter.publish_deny.emplace_back(subject);
    filter.subscribe_deny.emplace_back(subject);
  }
}

// Entries that speak of a queue ("subject queue") say nothing about the subject as a whole.
std::vector<std::string> subjects_only(const std::vector<std::string>& entries) {
  std::vector<std::string> subjects;
  for (const std::string& entry : entries) {
    if (entry.find_first_of(" \t") == std::string::npos) {
      subjects.push_back(entry);
    }
  }
  return subjects;
}

// Loops are looked for whatever else may cross.
void open_to_loop_detection(Permissions& filter) {
  const std::string subjects = std::string(loop_subject_prefix) + ">";
  for (std::vector<std::string>* allow : {&filter.publish_allow, &filter.subscribe_allow}) {
    if (!allow->empty()) {
      allow->push_back(subjects);
    }
  }
}

std::optional<SubjectFilter> told(const std::vector<std::string>& allow,
                                  const std::vector<std::string>& deny) {
  if (allow.empty() && deny.empty()) {
    return std::nullopt;
  }
  return SubjectFilter{allow, deny};
}

}  // namespace

std::optional<std::string> refuse_leaf_stranger(const LeafConnect& connect) {
  if (!connect.language.empty()) {
    return "attempted to connect to leaf node port";
  }
  if (!connect.gateway.empty()) {
    return "Rejecting connection from gateway " + quoted(connect.gateway) + " on the leafnode port";
  }
  return std::nullopt;
}

bool is_peer_word(std::string_view word) {
  constexpr std::size_t size_max = 255;
  return word.size() <= size_max && std::all_of(word.begin(), word.end(), [](char byte) {
           const unsigned char value = static_cast<unsigned char>(byte);
           return value > 0x20 && value != 0x7F;
         });
}

std::optional<std::string> refuse_leaf_cluster(const LeafConnect& connect,
                                               std::string_view cluster) {
  // It stands as a word in lines to other servers, and so does the name where there is no cluster.
  if (!is_peer_word(connect.cluster)) {
    return "cluster name cannot contain spaces";
  }
  if (connect.cluster.empty() && !is_peer_word(connect.name)) {
    return "server name cannot contain spaces";
  }
  if (!connect.cluster.empty() && connect.cluster == cluster) {
    return std::string(same_cluster_error);
  }
  return std::nullopt;
}

std::optional<std::string> refuse_leaf_version(const LeafConnect& connect, const Options& options) {
  const std::string& wanted = options.leaf.min_version;
  if (wanted.empty() || is_version_at_least(connect.version, wanted)) {
    return std::nullopt;
  }
  return std::string(minimum_version_error) + quoted(wanted);
}

std::string loop_error(std::string_view account) {
  return "Loop detected for leafnode account=" + quoted(account) +
         ". Delaying attempt to reconnect for 30s";
}

std::string publish_error(std::string_view subject) {
  return "Permissions Violation for Publish to " + quoted(subject);
}

std::string subscription_error(std::string_view subject, std::string_view queue) {
  const std::string text = "Permissions Violation for Subscription to " + quoted(subject);
  return queue.empty() ? text : text + " using queue " + quoted(queue);
}

bool is_version_at_least(std::string_view version, std::string_view wanted) {
  const std::optional<Version> has = version_of(version);
  const std::optional<Version> needs = version_of(wanted);
  return has.has_value() && (!needs.has_value() || *has >= *needs);
}

std::optional<std::string> refuse_hub_info(const LeafInfo& info, std::string_view cluster) {
  if (info.client_id == 0 || (info.leafnode_urls.empty() && !info.info_on_connect)) {
    return "attempted to connect to wrong port";
  }
  if (!info.cluster.empty() && info.cluster == cluster) {
    return std::string(same_cluster_error);
  }
  return std::nullopt;
}

std::optional<Duration> delay_after_error(std::string_view text) {
  constexpr std::array<std::string_view, 3> long_delays = {same_cluster_error, "Loop detected",
                                                           "Permissions Violation"};
  for (const std::string_view known : long_delays) {
    if (text.find(known) != std::string_view::npos) {
      return seconds(30);
    }
  }
  if (text.find(minimum_version_error) != std::string_view::npos) {
    return seconds(5);
  }
  return std::nullopt;
}

Permissions hub_filter(const std::optional<Permissions>& user, const LeafConnect& connect) {
  Permissions filter;
  if (user.has_value()) {
    filter.publish_allow = user->subscribe_allow;
    filter.publish_deny = subjects_only(user->subscribe_deny);
    filter.subscribe_allow = user->publish_allow;
    filter.subscribe_deny = user->publish_deny;
  }
  append(filter.publish_deny, connect.deny_publish);
  close_to_jetstream(filter);
  open_to_loop_detection(filter);
  return filter;
}

Permissions spoke_filter(const LeafRemote& remote, const LeafInfo& info) {
  Permissions filter;
  if (info.export_filter.has_value()) {
    filter.publish_allow = info.export_filter->allow;
    filter.publish_deny = info.export_filter->deny;
  }
  if (info.import_filter.has_value()) {
    filter.subscribe_allow = info.import_filter->allow;
    filter.subscribe_deny = info.import_filter->deny;
  }
  append(filter.publish_deny, remote.deny_exports);
  append(filter.subscribe_deny, remote.deny_imports);
  close_to_jetstream(filter);
  open_to_loop_detection(filter);
  return filter;
}

std::optional<SubjectFilter> import_told(const std::optional<Permissions>& user) {
  return user.has_value() ? told(user->subscribe_allow, user->subscribe_deny) : std::nullopt;
}

std::optional<SubjectFilter> export_told(const std::optional<Permissions>& user) {
  return user.has_value() ? told(user->publish_allow, user->publish_deny) : std::nullopt;
}

}  // namespace rubus
