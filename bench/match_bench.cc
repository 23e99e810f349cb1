// How fast a subject finds its subscriptions: in the index (hash table and trie), through the
// cache, and while subscriptions come and go. Argument: number of subscriptions.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "engine/auth/account.h"

namespace rubus::bench {
namespace {

// An account with subscriptions of its own; literal subjects "r<i>.s<j>.t<k>", each once.
class Population {
 public:
  enum class Kind { literal, wildcard };

  Population(std::size_t count, Kind kind, bool cached) : account_("A", cached, false) {
    for (std::size_t at = 0; at < count; ++at) {
      literals_.push_back("r" + std::to_string(at % 10) + ".s" + std::to_string(at / 10 % 100) +
                          ".t" + std::to_string(at / 1000));
      made_.push_back(make(kind == Kind::literal ? literals_.back() : pattern(at)));
      account_.insert(made_.back());
    }
  }
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;
  ~Population() {
    for (Subscription* subscription : made_) {
      account_.remove(subscription);
      Subscription::destroy(subscription);
    }
  }

  static Subscription* make(std::string_view subject) {
    return Subscription::create(nullptr, subject, {}, "1");
  }
  Account& account() { return account_; }
  const std::vector<std::string>& literals() const { return literals_; }

 private:
  // Each third has the star in another token or ends in '>': few patterns match one subject.
  std::string pattern(std::size_t at) const {
    const std::string& literal = literals_[at];
    const std::size_t first = literal.find('.');
    const std::size_t second = literal.rfind('.');
    if (at % 3 == 0) {
      return literal.substr(0, first) + ".*" + literal.substr(second);
    }
    return at % 3 == 1 ? literal.substr(0, second) + ".*.u" + std::to_string(at) : literal + ".>";
  }

  Account account_;
  std::vector<std::string> literals_;
  std::vector<Subscription*> made_;
};

std::size_t count_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

// A prime stride through all subjects, so that neighbours in memory are not neighbours in time.
std::size_t next_place(std::size_t at, std::size_t size) { return (at + 7919) % size; }

void match_index(benchmark::State& state, Population::Kind kind, std::string_view suffix,
                 bool hit_wanted) {
  Population population(count_of(state), kind, false);
  std::vector<std::string> subjects;
  for (const std::string& literal : population.literals()) {
    subjects.push_back(literal + std::string(suffix));
  }
  MatchResult result;
  std::size_t place = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    result.clear();
    population.account().index().match(subjects[place], result);
    found += result.fanout();
    place = next_place(place, subjects.size());
  }
  if ((found > 0) != hit_wanted) {
    state.SkipWithError("the wrong subscriptions were found");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["found"] =
      benchmark::Counter(static_cast<double>(found), benchmark::Counter::kAvgIterations);
}

void index_literal_hit(benchmark::State& state) {
  match_index(state, Population::Kind::literal, "", true);
}
void index_literal_miss(benchmark::State& state) {
  match_index(state, Population::Kind::literal, "z", false);
}
void index_wildcard_hit(benchmark::State& state) {
  match_index(state, Population::Kind::wildcard, "", true);
}
void index_wildcard_miss(benchmark::State& state) {
  match_index(state, Population::Kind::wildcard, "z", false);
}
BENCHMARK(index_literal_hit)->Arg(100)->Arg(10'000)->Arg(100'000);
BENCHMARK(index_literal_miss)->Arg(100)->Arg(10'000)->Arg(100'000);
BENCHMARK(index_wildcard_hit)->Arg(100)->Arg(10'000)->Arg(100'000);
BENCHMARK(index_wildcard_miss)->Arg(100)->Arg(10'000)->Arg(100'000);

// Asks the cache for `distinct` subjects in turn.
void ask_cache(benchmark::State& state, std::size_t distinct) {
  Population population(count_of(state), Population::Kind::literal, true);
  MatchCache& cache = population.account().cache();
  std::size_t place = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        cache.find(population.account().index(), population.literals()[place]));
    place = place + 1 == distinct ? 0 : place + 1;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["hits"] = static_cast<double>(cache.hits()) / static_cast<double>(cache.lookups());
}

void cache_hit(benchmark::State& state) { ask_cache(state, 64); }
// More subjects than the cache holds, in turn: never a hit.
void cache_miss(benchmark::State& state) { ask_cache(state, count_of(state)); }
BENCHMARK(cache_hit)->Arg(100)->Arg(10'000)->Arg(100'000);
BENCHMARK(cache_miss)->Arg(10'000)->Arg(100'000);

// One subscription comes and goes between any two messages on 16 other subjects.
void churn(benchmark::State& state, std::string_view subject) {
  Population population(count_of(state), Population::Kind::literal, true);
  Account& account = population.account();
  Subscription* guest = Population::make(subject);
  std::size_t place = 0;
  for (auto _ : state) {
    account.insert(guest);
    benchmark::DoNotOptimize(account.cache().find(account.index(), population.literals()[place]));
    account.remove(guest);
    place = (place + 1) % 16;
  }
  Subscription::destroy(guest);
  state.SetItemsProcessed(state.iterations());
}

void churn_literal(benchmark::State& state) { churn(state, "guest.room"); }
void churn_wildcard(benchmark::State& state) { churn(state, "guest.*"); }
BENCHMARK(churn_literal)->Arg(100)->Arg(10'000)->Arg(100'000);
BENCHMARK(churn_wildcard)->Arg(100)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace rubus::bench
