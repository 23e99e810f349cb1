// Subject mappings: any configuration, any subject.
//
// Input: lines. "Ssource" begins a mapping, "Dwcdestination" adds a destination (w: a byte whose
// value is the weight, modulo 128; c: a letter, the cluster, or '.' for all), "Cx" names our own
// cluster; every other line is a subject that is published. Laws:
// - the form of each destination token is what the regular expressions of nats-server say;
// - a mapping is refused with a reason or made without one, the same each time;
// - a made mapping takes what the naive matcher takes, writes a bounded subject, and the same one
//   for the same random stream; text alone is written as it stands;
// - a message is lost only if the source is among its own destinations;
// - what an import changes, its reversal restores.
#include <array>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/subject_mapping.h"
#include "engine/routing/subject.h"
#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "sim/model/naive_subject.h"

namespace rubus::fuzz {

namespace {

constexpr std::size_t lines_max = 32;
constexpr std::size_t line_size_max = 120;

struct Form {
  TransformKind kind;
  const char* name;
};
constexpr std::array<Form, 10> forms{{{TransformKind::wildcard, "[wW]ildcard"},
                                      {TransformKind::partition, "[pP]artition"},
                                      {TransformKind::split_from_left, "[sS]plit[fF]rom[lL]eft"},
                                      {TransformKind::split_from_right, "[sS]plit[fF]rom[rR]ight"},
                                      {TransformKind::slice_from_left, "[sS]lice[fF]rom[lL]eft"},
                                      {TransformKind::slice_from_right, "[sS]lice[fF]rom[rR]ight"},
                                      {TransformKind::right, "[rR]ight"},
                                      {TransformKind::left, "[lL]eft"},
                                      {TransformKind::split, "[sS]plit"},
                                      {TransformKind::random, "[rR]andom"}}};

const std::vector<std::regex>& expressions() {
  static const std::vector<std::regex> all = [] {
    std::vector<std::regex> made;
    for (const Form& form : forms) {
      constexpr const char* blanks = "[ \\t\\n\\f\\r]*";
      made.emplace_back(std::string("\\{\\{") + blanks + form.name + blanks + "\\(([^\\n]*)\\)" +
                        blanks + "\\}\\}");
    }
    return made;
  }();
  return all;
}

void judge_form(std::string_view token) {
  TransformFunction function;
  std::string error;
  const bool read = read_transform_function(token, function, error);
  law(read == error.empty(), "a refused token has a reason", error, token);
  const std::string text(token);
  std::size_t found = forms.size();
  for (std::size_t at = 0; at < forms.size() && found == forms.size(); ++at) {
    found = std::regex_search(text, expressions()[at]) ? at : found;
  }
  law(names_function(token) == (found != forms.size()), "names are found as by expression", token);
  if (!looks_like_function(token)) {
    const bool is_plain = function.kind == TransformKind::text && function.text == token;
    law(read && (is_plain || function.kind == TransformKind::wildcard),
        "without braces a token is text or a wildcard", token);
  } else if (found == forms.size()) {
    law(!read, "a function without a known name is refused", token);
  } else if (read) {
    law(function.kind == forms[found].kind, "the function is the one that is named", token);
  }
}

std::string applied(const SubjectTransform& transform, std::string_view subject,
                    std::uint64_t seed) {
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  RandomStream random(seed, "fuzz");
  std::string result;
  transform.append(tokens, random, result);
  return result;
}

void judge_import(std::string_view source, std::string_view destination, std::string_view subject) {
  std::string error;
  const std::optional<SubjectTransform> there =
      SubjectTransform::make(source, destination, TransformUse::import, error);
  SubjectTransform::Tokens tokens;
  split_tokens(subject, tokens);
  if (!there.has_value() || has_empty_token(subject) || !there->takes(tokens)) {
    return;
  }
  const std::optional<SubjectTransform> back = there->reversed();
  if (back.has_value()) {
    const std::string moved = applied(*there, subject, 1);
    split_tokens(moved, tokens);
    law(back->takes(tokens), "the reversal takes what was made", moved, subject);
    law(applied(*back, moved, 1) == subject, "the reversal restores", applied(*back, moved, 1),
        subject);
  }
}

class Story {
 public:
  void read(std::string_view line) {
    if (line.starts_with("S")) {
      finish();
      options_ = {std::string(line.substr(1)), {}};
    } else if (line.starts_with("D") && line.size() >= 3) {
      add(line);
    } else if (line.starts_with("C")) {
      finish();
      cluster_ = line.substr(1);
    } else {
      finish();
      publish(line);
    }
  }

 private:
  void add(std::string_view line) {
    const std::uint32_t weight = static_cast<unsigned char>(line[1]) % 128U;
    const std::string cluster = line[2] == '.' ? std::string() : std::string(1, line[2]);
    options_.destinations.push_back({std::string(line.substr(3)), weight, cluster});
    TokenCursor cursor(line.substr(3));
    std::string_view token;
    while (cursor.next(token)) {
      judge_form(token);
    }
  }

  void finish() {
    if (options_.source.empty() && options_.destinations.empty()) {
      return;
    }
    std::string error;
    const std::optional<SubjectMapping> made = SubjectMapping::make(options_, cluster_, error);
    law(made.has_value() == error.empty(), "refused with a reason, or made without", error);
    std::string again;
    law(is_valid_mapping(options_, again) == made.has_value(), "valid wherever the server is");
    law(again == error, "the reason is the same each time", again, error);
    if (made.has_value()) {
      all_.push_back(options_);
    }
    options_ = {};
  }

  void publish(std::string_view subject) {
    SubjectMappings mappings;
    mappings.set(all_, cluster_);
    law(mappings.all().size() == all_.size(), "what was valid stays valid");
    RandomStream random(all_.size(), "fuzz");
    RandomStream same(all_.size(), "fuzz");
    std::string result;
    std::string repeated;
    const MappingOutcome outcome = mappings.map(subject, random, result);
    law(mappings.map(subject, same, repeated) == outcome && repeated == result,
        "the same stream gives the same subject", repeated, result);
    const bool is_plain = !has_empty_token(subject) && !has_wildcard(subject);
    for (const MappingOptions& each : all_) {
      for (const MappingDestination& destination : each.destinations) {
        judge_import(each.source, destination.subject, subject);
      }
      if (is_plain && sim::is_match(each.source, subject)) {
        judge_outcome(each, subject, outcome, result);
        return;
      }
    }
    law(!is_plain || outcome == MappingOutcome::unmapped, "no mapping, no change", subject);
  }

  static void judge_outcome(const MappingOptions& mapping, std::string_view subject,
                            MappingOutcome outcome, const std::string& result) {
    law(outcome != MappingOutcome::unmapped, "the first that matches decides", subject,
        mapping.source);
    bool names_source = false;
    bool is_written = mapping.destinations.empty() || result == subject;
    std::size_t size_max = subject.size();
    for (const MappingDestination& destination : mapping.destinations) {
      names_source = names_source || destination.subject == mapping.source;
      // A split token at most doubles; a number has ten digits.
      const std::size_t tokens = count_tokens(destination.subject);
      size_max =
          std::max(size_max, destination.subject.size() + tokens * (2 * subject.size() + 10));
      const bool is_text = destination.subject.find_first_of("${>") == std::string::npos;
      is_written = is_written || !is_text || result == destination.subject;
    }
    law(outcome == MappingOutcome::mapped || names_source, "nothing is lost unasked", subject);
    law(result.size() <= size_max, "the result is bounded", result, subject);
    law(outcome == MappingOutcome::lost || is_written, "text is written as it stands", result);
  }

  MappingOptions options_;
  std::vector<MappingOptions> all_;
  std::string cluster_;
};

}  // namespace

void run_target(std::string_view input) {
  Story story;
  ByteSource source(input);
  for (std::size_t lines = 0; lines < lines_max && !source.is_empty(); ++lines) {
    story.read(source.text_until('\n').substr(0, line_size_max));
  }
}

}  // namespace rubus::fuzz
