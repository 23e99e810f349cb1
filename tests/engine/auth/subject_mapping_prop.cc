// Laws of mappings: the shares are exactly the weights, partitions stay in range and are stable,
// captured wildcards come back, and no destination ever holds a wildcard that was not published.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "engine/auth/subject_mapping.h"
#include "engine/base/text_number.h"
#include "engine/routing/subject.h"

namespace rubus::test {
namespace {

rc::Gen<std::string> token() {
  return rc::gen::map(
      rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', '-', '1', '_')),
      [](const std::string& text) { return text.empty() ? std::string("t") : text.substr(0, 9); });
}

rc::Gen<std::vector<std::string>> tokens() {
  return rc::gen::suchThat(rc::gen::container<std::vector<std::string>>(token()),
                           [](const auto& all) { return !all.empty() && all.size() < 8; });
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text.append(text.empty() ? "" : ".").append(part);
  }
  return text;
}

std::string applied(const SubjectTransform& transform, const std::string& subject,
                    RandomStream& random) {
  SubjectTransform::Tokens split;
  split_tokens(subject, split);
  RC_ASSERT(transform.takes(split));
  std::string result;
  transform.append(split, random, result);
  return result;
}

SubjectTransform made(const std::string& source, const std::string& destination) {
  std::string error;
  std::optional<SubjectTransform> transform =
      SubjectTransform::make(source, destination, TransformUse::mapping, error);
  RC_ASSERT(transform.has_value());
  return *transform;
}

// FNV-1a as its authors describe it, in 64 bits with a mask.
std::uint64_t reference_hash(const std::string& text) {
  std::uint64_t hash = 0x811c9dc5;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash = (hash * 0x01000193) & 0xffffffff;
  }
  return hash;
}

RC_GTEST_PROP(SubjectMapping, gives_each_destination_its_weight_of_every_hundred_draws, ()) {
  const std::vector<int> weights = *rc::gen::suchThat(
      rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60)), [](const auto& all) {
        return all.size() < 6 && std::accumulate(all.begin(), all.end(), 0) <= 100;
      });
  MappingOptions options{"s", {}};
  std::map<std::string, std::uint64_t> shares;
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < weights.size(); ++at) {
    const std::uint32_t weight = static_cast<std::uint32_t>(weights[at]);
    options.destinations.push_back({"d" + std::to_string(at), weight, ""});
    shares["d" + std::to_string(at)] = weight;
    total += weight;
  }
  shares["s"] = 100 - total;
  std::string error;
  const std::optional<SubjectMapping> mapping = SubjectMapping::make(options, {}, error);
  RC_ASSERT(mapping.has_value());
  constexpr std::uint64_t rounds = 4000;
  std::map<std::string, std::uint64_t> seen;
  RandomStream random(*rc::gen::arbitrary<std::uint64_t>(), "weights");
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const SubjectTransform* const chosen = mapping->choose(random);
    RC_ASSERT(chosen != nullptr);
    ++seen[chosen->destination()];
  }
  for (const auto& [subject, count] : seen) {
    const std::uint64_t wanted = shares.at(subject) * rounds / 100;
    RC_ASSERT(shares.at(subject) > 0U);
    // Six deviations of the widest share: once in 10^8 draws of a fair stream.
    RC_ASSERT(count + 190 >= wanted);
    RC_ASSERT(count <= wanted + 190);
  }
}

RC_GTEST_PROP(SubjectTransform, partitions_by_the_hash_of_the_chosen_tokens, ()) {
  const std::vector<std::string> subject = *tokens();
  const std::vector<std::size_t> chosen =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(
          rc::gen::inRange<std::size_t>(0, subject.size())));
  const std::uint64_t partitions = *rc::gen::inRange<std::uint64_t>(1, 5000);
  std::vector<std::string> source(subject.size(), "*");
  std::string arguments = number_text(partitions);
  std::string key;
  for (const std::size_t place : chosen) {
    arguments.append(",").append(number_text(place + 1));
    key.append(subject[place]);
  }
  const SubjectTransform transform = made(joined(source), "p.{{partition(" + arguments + ")}}");
  RandomStream random(1, "none");
  RC_ASSERT(applied(transform, joined(subject), random) ==
            "p." + number_text(reference_hash(key) % partitions));
  const SubjectTransform whole =
      made(joined(source), "p.{{partition(" + number_text(partitions) + ")}}");
  RC_ASSERT(applied(whole, joined(subject), random) ==
            "p." + number_text(reference_hash(joined(subject)) % partitions));
}

RC_GTEST_PROP(SubjectTransform, captures_come_back_through_the_reversed_transform, ()) {
  const std::vector<std::string> subject = *tokens();
  std::vector<std::string> source = subject;
  std::vector<std::string> places;
  for (std::string& each : source) {
    if (*rc::gen::arbitrary<bool>()) {
      each = "*";
      places.push_back("$" + std::to_string(places.size() + 1));
    }
  }
  const std::size_t turn = *rc::gen::inRange<std::size_t>(0, places.size() + 1);
  std::rotate(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(turn), places.end());
  places.insert(places.begin(), "x");
  std::string error;
  const std::optional<SubjectTransform> there =
      SubjectTransform::make(joined(source), joined(places), TransformUse::import, error);
  RC_ASSERT(there.has_value());
  const std::optional<SubjectTransform> back = there->reversed();
  RC_ASSERT(back.has_value());
  RandomStream random(1, "none");
  RC_ASSERT(applied(*back, applied(*there, joined(subject), random), random) == joined(subject));
}

RC_GTEST_PROP(SubjectTransform, makes_literals_of_literals, ()) {
  const std::vector<std::string> subject = *tokens();
  std::vector<std::string> source(subject.size(), "*");
  const std::string wildcard = std::to_string(*rc::gen::inRange<std::size_t>(1, source.size() + 1));
  const std::string size = std::to_string(*rc::gen::inRange(-2, 12));
  const std::string name = *rc::gen::element<std::string>(
      "splitFromLeft", "splitFromRight", "sliceFromLeft", "sliceFromRight", "left", "right");
  const SubjectTransform transform =
      made(joined(source), "{{" + name + "(" + wildcard + "," + size + ")}}.{{random(5)}}");
  RandomStream random(*rc::gen::arbitrary<std::uint64_t>(), "some");
  const std::string result = applied(transform, joined(subject), random);
  RC_ASSERT(is_valid_literal(result));
  // Cutting loses nothing, except for left and right, which keep a part.
  std::string kept = result.substr(0, result.rfind('.'));
  kept.erase(std::remove(kept.begin(), kept.end(), '.'), kept.end());
  const std::string& whole = subject[std::stoul(wildcard) - 1];
  if (name == "left") {
    RC_ASSERT(whole.compare(0, kept.size(), kept) == 0);
  } else if (name == "right") {
    RC_ASSERT(whole.compare(whole.size() - kept.size(), kept.size(), kept) == 0);
  } else {
    RC_ASSERT(kept == whole);
  }
}

}  // namespace
}  // namespace rubus::test
