#include "engine/auth/subject_mapping.h"

#include <algorithm>

#include "engine/base/ensure.h"
#include "engine/base/stable_order.h"
#include "engine/routing/subject.h"

namespace rubus {

namespace {

constexpr std::uint32_t whole = 100;  // percent

// What a destination must be beyond what SubjectTransform asks of it.
bool check_destination(std::string_view destination, std::string& error) {
  constexpr std::string_view problem = "invalid transform";
  TokenCursor cursor(destination);
  std::string_view token;
  bool has_tail = false;
  while (cursor.next(token)) {
    if (token.empty() || has_tail) {
      error = transform_error(problem, token);
      return false;
    }
    if (looks_like_function(token)) {
      if (!names_function(token)) {
        error = transform_error("unknown function", token);
        return false;
      }
    } else if (token.find_first_of("\t\n\f\r ") != std::string_view::npos) {
      error = transform_error(problem, {});
      return false;
    }
    has_tail = has_tail || token == ">";
  }
  return true;
}

bool check_weights(const MappingOptions& options, std::string& error) {
  const std::vector<MappingDestination>& all = options.destinations;
  for (std::size_t at = 0; at < all.size(); ++at) {
    std::uint32_t total = all[at].weight;
    for (std::size_t before = 0; before < at; ++before) {
      if (all[before].subject == all[at].subject) {
        error = "duplicate entry for \"" + all[at].subject + "\"";
        return false;
      }
      total += all[before].cluster == all[at].cluster ? all[before].weight : 0;
    }
    if (all[at].weight > whole) {
      error = "individual weights need to be <= 100";
      return false;
    }
    if (total > whole) {
      error = "total weight needs to be <= 100";
      return false;
    }
    if (!check_destination(all[at].subject, error) ||
        !SubjectTransform::make(options.source, all[at].subject, TransformUse::mapping, error)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_valid_mapping(const MappingOptions& options, std::string& error) {
  return SubjectMapping::make(options, {}, error).has_value();
}

std::optional<SubjectMapping> SubjectMapping::make(const MappingOptions& options,
                                                   std::string_view cluster, std::string& error) {
  if (!is_valid_subject(options.source)) {
    error = "invalid subject";
    return std::nullopt;
  }
  if (!check_weights(options, error)) {
    return std::nullopt;
  }
  const std::vector<MappingDestination>& all = options.destinations;
  const bool has_own =
      !cluster.empty() && std::any_of(all.begin(), all.end(), [cluster](const auto& destination) {
        return destination.cluster == cluster;
      });
  const std::string_view filter = has_own ? cluster : std::string_view();
  SubjectMapping made;
  made.source_ = options.source;
  std::uint32_t total = 0;
  bool names_source = false;
  const auto add = [&made, &error](std::string_view destination, std::uint32_t weight) {
    std::optional<SubjectTransform> transform =
        SubjectTransform::make(made.source_, destination, TransformUse::mapping, error);
    if (transform.has_value()) {
      made.destinations_.push_back({std::move(*transform), weight});
    }
    return transform.has_value();
  };
  for (const MappingDestination& destination : all) {
    names_source = names_source || destination.subject == options.source;
    if (destination.cluster == filter) {
      ensure(add(destination.subject, destination.weight), "a checked destination can be made");
      total += destination.weight;
    }
  }
  if ((total != whole && !names_source) || made.destinations_.empty()) {
    // Destinations for other clusters alone leave this one as it is. A source that reads like a
    // placeholder cannot stand for itself.
    if (!add(numbered_wildcards(options.source), whole - total)) {
      return std::nullopt;
    }
  }
  order_stably(made.destinations_, [](const Destination& a, const Destination& b) {
    return a.share_end < b.share_end;
  });
  std::uint32_t end = 0;
  for (Destination& destination : made.destinations_) {
    end += destination.share_end;
    destination.share_end = end;
  }
  return made;
}

const SubjectTransform* SubjectMapping::choose(RandomStream& random) const {
  if (destinations_.size() == 1 && destinations_.front().share_end == whole) {
    return &destinations_.front().transform;
  }
  const std::uint64_t drawn = random.below(whole);
  for (const Destination& destination : destinations_) {
    if (drawn < destination.share_end) {
      return &destination.transform;
    }
  }
  return nullptr;
}

void SubjectMappings::set(const std::vector<MappingOptions>& options, std::string_view cluster) {
  mappings_.clear();
  std::string error;
  for (const MappingOptions& each : options) {
    if (std::optional<SubjectMapping> made = SubjectMapping::make(each, cluster, error)) {
      mappings_.push_back(std::move(*made));
    }
  }
}

bool SubjectMappings::concerns(std::string_view pattern) const {
  return std::any_of(mappings_.begin(), mappings_.end(), [pattern](const SubjectMapping& each) {
    return subjects_overlap(each.source(), pattern);
  });
}

MappingOutcome SubjectMappings::map(std::string_view subject, RandomStream& random,
                                    std::string& result) {
  if (mappings_.empty()) {
    return MappingOutcome::unmapped;
  }
  split_tokens(subject, tokens_);
  for (const SubjectMapping& mapping : mappings_) {
    if (!mapping.takes(tokens_)) {
      continue;
    }
    const SubjectTransform* const chosen = mapping.choose(random);
    if (chosen == nullptr) {
      return MappingOutcome::lost;
    }
    result.clear();
    chosen->append(tokens_, random, result);
    return MappingOutcome::mapped;
  }
  return MappingOutcome::unmapped;
}

}  // namespace rubus
