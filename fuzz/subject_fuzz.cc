// Subjects and the subscription index against the obvious way to do each.
//
// Input: lines. "+subject[ queue]" subscribes, "-n" removes the n-th live subscription, "?subject"
// asks who wants a message; every other line is a subject, judged alone and together with the
// subject line before it. Laws (reliability.md section 5, number 8):
// - validity, wildcards and matching are what a matcher on vectors of tokens says;
// - subset and overlap are decided by witnesses: the most general subjects that a pattern takes;
// - the index equals brute force, with the cache and without, after any inserts and removes.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/auth/account.h"
#include "engine/routing/subject.h"
#include "fuzz/byte_source.h"
#include "fuzz/target.h"
#include "sim/model/naive_subject.h"

namespace rubus::fuzz {

namespace {

constexpr std::size_t lines_max = 48;  // the brute force is quadratic
constexpr std::size_t subject_size_max = 120;
// A token that no pattern of an input holds: texts are cut at line feeds.
constexpr std::string_view fresh = "\n";

std::string joined(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    text.append(text.empty() ? "" : ".").append(token);
  }
  return text;
}

bool is_valid_naively(std::string_view subject) {
  return sim::is_valid_subject(subject) && subject.find_first_of(" \t\r\n\f") == subject.npos;
}

// Literals such that a pattern takes all that `pattern` takes if it takes these.
std::vector<std::string> witnesses_of(std::string_view pattern, std::size_t tail_max) {
  std::vector<std::string> tokens = sim::tokens_of(pattern);
  for (std::string& token : tokens) {
    token = token == "*" ? std::string(fresh) : token;
  }
  std::vector<std::string> witnesses;
  if (tokens.back() != ">") {
    witnesses.push_back(joined(tokens));
    return witnesses;
  }
  tokens.back() = fresh;
  for (std::size_t tail = 0; tail < tail_max; ++tail) {
    witnesses.push_back(joined(tokens));
    tokens.emplace_back(fresh);
  }
  return witnesses;
}

bool is_subset_by_witness(std::string_view inner, std::string_view outer) {
  const std::vector<std::string> witnesses = witnesses_of(inner, sim::tokens_of(outer).size() + 2);
  return std::all_of(witnesses.begin(), witnesses.end(),
                     [outer](const std::string& witness) { return sim::is_match(outer, witness); });
}

// The most general subject that both could take; whether they do decides the overlap.
bool do_overlap_by_witness(std::string_view one, std::string_view other) {
  std::vector<std::string> left = sim::tokens_of(one);
  std::vector<std::string> right = sim::tokens_of(other);
  const auto pad = [](std::vector<std::string>& tokens, std::size_t size) {
    if (tokens.back() == ">") {
      tokens.back() = "*";
      tokens.resize(std::max(size, tokens.size()), "*");
    }
  };
  const std::size_t size = std::max(left.size(), right.size());
  pad(left, size);
  pad(right, size);
  std::vector<std::string> merged;
  for (std::size_t at = 0; at < size; ++at) {
    const std::string& first = at < left.size() ? left[at] : right[at];
    const std::string& second = at < right.size() ? right[at] : first;
    const std::string& chosen = first == "*" ? second : first;
    merged.push_back(chosen == "*" ? std::string(fresh) : chosen);
  }
  const std::string witness = joined(merged);
  return sim::is_match(one, witness) && sim::is_match(other, witness);
}

void judge_alone(std::string_view subject) {
  const std::vector<std::string> tokens = sim::tokens_of(subject);
  const bool wild = std::any_of(tokens.begin(), tokens.end(), [](const std::string& token) {
    return token == "*" || token == ">";
  });
  const bool gap = std::any_of(tokens.begin(), tokens.end(),
                               [](const std::string& token) { return token.empty(); });
  const bool valid = is_valid_naively(subject);
  law(is_valid_subject(subject) == valid, "validity is the naive one", subject);
  law(has_wildcard(subject) == wild, "wildcards are the naive ones", subject);
  law(is_valid_literal(subject) == (valid && !wild), "literals are valid without wildcards",
      subject);
  law(has_empty_token(subject) == gap, "empty tokens are found", subject);
  law(count_tokens(subject) == tokens.size(), "tokens are counted", subject);
  TokenCursor cursor(subject);
  std::string_view token;
  for (const std::string& wanted : tokens) {
    law(cursor.next(token) && token == wanted, "the cursor gives each token", subject, wanted);
  }
  law(!cursor.next(token) && cursor.is_last(), "the cursor ends", subject);
}

void judge_pair(std::string_view one, std::string_view other) {
  if (!is_valid_naively(one)) {
    return;
  }
  if (!has_empty_token(other)) {
    law(subject_matches(one, other) == sim::is_match(one, other), "matching is the naive one", one,
        other);
  }
  if (is_valid_naively(other)) {
    law(is_subset(one, other) == is_subset_by_witness(one, other), "subset as witnessed", one,
        other);
    law(is_subset(other, one) == is_subset_by_witness(other, one), "subset as witnessed", other,
        one);
    const bool overlap = do_overlap_by_witness(one, other);
    law(subjects_overlap(one, other) == overlap, "overlap as witnessed", one, other);
    law(subjects_overlap(other, one) == overlap, "overlap is symmetric", other, one);
  }
}

// The same subscriptions in an account with a cache and in one without.
class Index {
 public:
  ~Index() {
    while (!live_.empty()) {
      remove(0);
    }
    law(cached_.index().size() == 0 && fresh_.index().size() == 0, "an emptied index is empty");
  }

  void insert(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::string subject(line.substr(0, blank));
    const std::string queue(blank == line.npos ? "" : line.substr(blank + 1));
    if (!is_valid_naively(subject)) {
      return;
    }
    const std::string sid = std::to_string(++made_);
    Live live{subject, queue, Subscription::create(nullptr, subject, queue, sid),
              Subscription::create(nullptr, subject, queue, sid)};
    cached_.insert(live.in_cached);
    fresh_.insert(live.in_fresh);
    live_.push_back(std::move(live));
  }

  void remove(std::size_t place) {
    if (live_.empty()) {
      return;
    }
    const std::size_t at = place % live_.size();
    cached_.remove(live_[at].in_cached);
    Subscription::destroy(live_[at].in_cached);
    fresh_.remove(live_[at].in_fresh);
    Subscription::destroy(live_[at].in_fresh);
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void ask(std::string_view subject) {
    std::vector<std::string> wanted;
    for (const Live& live : live_) {
      if (sim::is_match(live.subject, subject)) {
        wanted.push_back(live.subject + " " + live.queue + " " +
                         std::string(live.in_cached->sid()));
      }
    }
    std::sort(wanted.begin(), wanted.end());
    // Twice with the cache: what it was told the first time must still hold.
    for (Account* account : {&cached_, &cached_, &fresh_}) {
      law(found_by(*account, subject) == wanted, "the index finds what brute force finds",
          joined(found_by(*account, subject)), joined(wanted));
    }
    law(cached_.index().size() == live_.size(), "the index counts its subscriptions");
  }

 private:
  struct Live {
    std::string subject;
    std::string queue;
    Subscription* in_cached;
    Subscription* in_fresh;
  };

  static std::string text_of(const Subscription& subscription) {
    return std::string(subscription.subject())
        .append(" ")
        .append(subscription.queue())
        .append(" ")
        .append(subscription.sid());
  }

  static std::vector<std::string> found_by(Account& account, std::string_view subject) {
    const MatchResult& result = account.cache().find(account.index(), subject)->result;
    std::vector<std::string> found;
    for (const Subscription* subscription : result.plain) {
      law(!subscription->is_queue(), "plain subscriptions have no queue");
      found.push_back(text_of(*subscription));
    }
    std::vector<std::string> names;
    for (const QueueMatch& queue : result.queues) {
      law(!queue.members.empty(), "a matched queue has a member");
      names.emplace_back(queue.name);
      for (const Subscription* member : queue.members) {
        law(member->queue() == queue.name, "members stand under the name of their queue");
        found.push_back(text_of(*member));
      }
    }
    std::sort(names.begin(), names.end());
    law(std::adjacent_find(names.begin(), names.end()) == names.end(),
        "a queue is named once per match");
    std::sort(found.begin(), found.end());
    return found;
  }

  Account cached_{"C", true, false};
  Account fresh_{"F", false, false};
  std::vector<Live> live_;
  std::size_t made_ = 0;
};

}  // namespace

void run_target(std::string_view input) {
  Index index;
  ByteSource source(input);
  std::string_view before;
  std::optional<std::string_view> asked;
  for (std::size_t lines = 0; lines < lines_max && !source.is_empty(); ++lines) {
    const std::string_view line = source.text_until('\n').substr(0, subject_size_max);
    const std::string_view rest = line.substr(line.empty() ? 0 : 1);
    if (line.starts_with("+")) {
      index.insert(rest);
    } else if (line.starts_with("-")) {
      index.remove(rest.empty() ? 0 : static_cast<unsigned char>(rest.front()));
    } else if (line.starts_with("?")) {
      asked = rest;
    } else {
      judge_alone(line);
      judge_pair(before, line);
      judge_pair(line, before);
      before = line;
    }
    if (asked.has_value()) {
      index.ask(*asked);  // again after every change: the cache must notice
    }
  }
}

}  // namespace rubus::fuzz
