// Laws of what peers greet each other with (INFO and CONNECT of routes and leaf connections):
// - whatever is read can be written, and what was written reads as the same value;
// - what is read is never larger than what it was read from;
// - a greeting that is refused or accepted is so by its value alone: rules never fail on one.
//
// Input: one byte for the kind of greeting, then its JSON.
#include <string>
#include <string_view>
#include <vector>

#include "engine/peer/leaf_info.h"
#include "engine/peer/leaf_rules.h"
#include "engine/peer/route_info.h"
#include "fuzz/byte_source.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

std::string_view json_of(const std::string& line) {
  std::string_view json = line;
  json.remove_prefix(json.find(' ') + 1);
  json.remove_suffix(2);
  return json;
}

// Reads, writes, reads and writes again.
template <class Value, class Read, class Write>
void hold(std::string_view json, const Read& read, const Write& write) {
  Value said;
  if (!read(json, said)) {
    return;
  }
  const std::string line = write(said);
  Value again;
  law(read(json_of(line), again), "what was written can be read", line);
  law(write(again) == line, "what was written reads as the same value", write(again), line);
}

std::size_t size_of(const std::vector<std::string>& texts) {
  std::size_t size = 0;
  for (const std::string& text : texts) {
    size += text.size() + 1;
  }
  return size;
}

void hold_leaf_info(std::string_view json) {
  LeafInfo info;
  if (!read_leaf_info(json, info)) {
    return;
  }
  // A byte that is no UTF-8 is replaced by three; an escape of six bytes is three at most.
  law(size_of(info.leafnode_urls) <= 3 * json.size(), "a list is no larger than its JSON");
  const bool is_hub = info.client_id != 0 && (!info.leafnode_urls.empty() || info.info_on_connect);
  law(refuse_hub_info(info, info.cluster).has_value() == (!is_hub || !info.cluster.empty()),
      "a hub is refused for its port or its cluster");
  law(spoke_filter({}, info).publish_deny.size() >= 3, "the API of JetStream never crosses");
}

void hold_leaf_connect(std::string_view json) {
  LeafConnect connect;
  if (!read_leaf_connect(json, connect)) {
    return;
  }
  Options options;
  options.leaf.min_version = connect.version;
  const std::optional<std::string> refusal = refuse_leaf_version(connect, options);
  law(!refusal.has_value() || !is_version_at_least(connect.version, "0.0.0"),
      "a version is at least itself");
  law(refuse_leaf_stranger(connect).has_value() ==
          (!connect.language.empty() || !connect.gateway.empty()),
      "clients and gateways are refused, and nobody else");
}

}  // namespace

void run_target(std::string_view input) {
  static const Options options;
  ByteSource source(input);
  switch (source.below(4)) {
    case 0:
      hold<LeafInfo>(source.rest(), read_leaf_info,
                     [](const LeafInfo& info) { return leaf_info_line(info, options); });
      hold_leaf_info(source.rest());
      return;
    case 1:
      // What this server never says, it never writes.
      hold<LeafConnect>(source.rest(), read_leaf_connect, leaf_connect_line);
      hold_leaf_connect(source.rest());
      return;
    case 2:
      hold<RouteInfo>(source.rest(), read_route_info, build_route_info);
      return;
    default:
      hold<RouteConnect>(source.rest(), read_route_connect, build_route_connect);
      return;
  }
}

}  // namespace rubus::fuzz
