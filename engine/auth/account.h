// Account: one isolated subject space with its index, its cache and its counts.
//
// A message never leaves its account. Owned by the engine; sessions borrow it for as long as they
// live (accounts are only removed when no session is bound to them).
#pragma once

#include <cstdint>
#include <string>

#include "engine/routing/match_cache.h"
#include "engine/routing/subject_index.h"

namespace rubus {

constexpr std::string_view global_account_name = "$G";

class Account {
 public:
  Account(std::string name, bool cached, bool is_system)
      : name_(std::move(name)), cache_(cached), is_system_(is_system) {}

  const std::string& name() const { return name_; }
  bool is_system() const { return is_system_; }

  void insert(Subscription* subscription);
  void remove(Subscription* subscription);

  const SubjectIndex& index() const { return index_; }
  MatchCache& cache() { return cache_; }
  const MatchCache& cache() const { return cache_; }

  std::uint64_t inserts() const { return inserts_; }
  std::uint64_t removes() const { return removes_; }
  std::uint64_t connections = 0;

  template <class V>
  void visit(V& v) const {
    v("name", std::string_view(name_));
    v("inserts", inserts_);
    v("removes", removes_);
    v("connections", connections);
    index_.visit(v);
  }

 private:
  std::string name_;
  SubjectIndex index_;
  MatchCache cache_;
  bool is_system_;
  std::uint64_t inserts_ = 0;
  std::uint64_t removes_ = 0;
};

}  // namespace rubus
