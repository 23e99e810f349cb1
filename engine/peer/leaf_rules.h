// Rules of leaf connections, as pure functions: who is refused and how that is said, what may cross
// the link, how long is waited before the next attempt.
//
// Texts of -ERR are those of nats-server, which recognises some of them and waits accordingly.
// What may cross is told from this side: "publish" is what is sent to the other end, "subscribe"
// what the other end is asked for. The JetStream API never crosses a leaf connection under its own
// name, because both ends may have one. Source: cluster_protocol.md section D.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/peer/leaf_info.h"
#include "engine/seam/options.h"

namespace rubus {

constexpr std::string_view loop_subject_prefix = "$LDS.";

// May stand in a protocol line as a word of its own (or be left out): no blanks, no control
// characters, not longer than 255 bytes.
bool is_peer_word(std::string_view word);

// Text of the -ERR for a CONNECT that is refused whoever sent it; nothing: go on. `may_know`: the
// cluster name is compared only after the login, so that nobody can ask for it.
std::optional<std::string> refuse_leaf_stranger(const LeafConnect& connect);
std::optional<std::string> refuse_leaf_cluster(const LeafConnect& connect,
                                               std::string_view cluster);
// After the INFO that answers CONNECT.
std::optional<std::string> refuse_leaf_version(const LeafConnect& connect, const Options& options);

std::string loop_error(std::string_view account);
std::string publish_error(std::string_view subject);
std::string subscription_error(std::string_view subject, std::string_view queue);
constexpr std::string_view duplicate_leaf_error = "Duplicate Remote LeafNode Connection";
constexpr std::string_view stale_leaf_error = "Stale Leaf Node Connection - Closing";

// True if `version` ("2.15.1", "2.10.0-beta.3") is `wanted` or later; no number is no version.
bool is_version_at_least(std::string_view version, std::string_view wanted);

// Why the INFO that a dialed server sent is not that of a hub; nothing: it is.
std::optional<std::string> refuse_hub_info(const LeafInfo& info, std::string_view cluster);

// How long whoever dialed waits after this -ERR; nothing: as usual.
std::optional<Duration> delay_after_error(std::string_view text);

// What may cross a connection accepted as hub: the user's rights, seen from here, and what the leaf
// asked not to be sent.
Permissions hub_filter(const std::optional<Permissions>& user, const LeafConnect& connect);
// What may cross a connection that this server dialed.
Permissions spoke_filter(const LeafRemote& remote, const LeafInfo& info);

// The user's rights as the leaf is told them in INFO; none where nothing is restricted.
std::optional<SubjectFilter> import_told(const std::optional<Permissions>& user);
std::optional<SubjectFilter> export_told(const std::optional<Permissions>& user);

}  // namespace rubus
