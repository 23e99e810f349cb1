// SubjectMapping: the destinations of one source pattern, chosen by weight.
// SubjectMappings: all mappings of one account, asked on each publish; the first that takes the
// subject decides.
//
// Weights are percent and sum to at most 100, per cluster filter; the rest keeps the subject, or is
// lost if the (literal) source itself stands among the destinations. Destinations filtered for the
// server's own cluster replace the general ones there. Chance comes from the stream that is passed
// in, and is drawn only where there is a choice.
// Source: behaviour of nats-server 2.15.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/subject_transform.h"
#include "engine/base/random.h"
#include "engine/seam/options.h"

namespace rubus {

class SubjectMapping {
 public:
  // For a server of `cluster` (empty: of none). No value: the reason, as nats-server words it, is
  // in `error`.
  static std::optional<SubjectMapping> make(const MappingOptions& options, std::string_view cluster,
                                            std::string& error);

  bool takes(const SubjectTransform::Tokens& subject) const {
    return destinations_.front().transform.takes(subject);
  }
  // Null: this message is lost.
  const SubjectTransform* choose(RandomStream& random) const;

  const std::string& source() const { return source_; }

 private:
  struct Destination {
    SubjectTransform transform;
    std::uint32_t share_end = 0;  // it is chosen by draws below, down to the one before it
  };

  std::string source_;
  std::vector<Destination> destinations_;  // never empty; those that share nothing come first
};

enum class MappingOutcome : std::uint8_t { unmapped, mapped, lost };

class SubjectMappings {
 public:
  // Mappings that are no longer valid were refused by the reader of the configuration; here they
  // are left out.
  void set(const std::vector<MappingOptions>& options, std::string_view cluster);

  bool empty() const { return mappings_.empty(); }
  const std::vector<SubjectMapping>& all() const { return mappings_; }
  // Some subject of `pattern` is taken by a mapping.
  bool concerns(std::string_view pattern) const;
  // `result` is assigned if the outcome is `mapped`.
  MappingOutcome map(std::string_view subject, RandomStream& random, std::string& result);

 private:
  std::vector<SubjectMapping> mappings_;
  SubjectTransform::Tokens tokens_;  // used within map() alone, kept so that it allocates nothing
};

// Whether `options` would be taken; otherwise the reason is in `error`.
bool is_valid_mapping(const MappingOptions& options, std::string& error);

}  // namespace rubus
