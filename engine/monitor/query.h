// Query: the parameters of a monitoring request, read as Go's net/url and strconv read them.
//
// Of a repeated name the first value counts; a pair that is not decodable, or holds ';', is left
// out; an empty value equals an absent one. The first bad value of a known parameter is kept as
// fault(), in the order the caller asks for them; later questions do not replace it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rubus {

class Query {
 public:
  explicit Query(std::string_view encoded);

  std::string_view text(std::string_view name) const;
  bool truth(std::string_view name);
  std::int64_t integer(std::string_view name);
  std::uint64_t unsigned_integer(std::string_view name);

  void refuse(std::string text);
  bool has_fault() const { return !fault_.empty(); }
  const std::string& fault() const { return fault_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
  std::string fault_;
};

// Parameter subs: subscriptions by name, or with details.
struct ListsAsked {
  bool lists = false;
  bool details = false;

  static ListsAsked read(Query& query);
};

// A page of a list: [first, last) of `size` elements.
struct Page {
  std::size_t first = 0;
  std::size_t last = 0;
};

constexpr std::int64_t page_limit_default = 1024;

// Parameters offset and limit, as shown and as applied.
struct PageAsked {
  std::int64_t offset = 0;
  std::int64_t limit = page_limit_default;

  // Reads offset, then limit; a negative offset counts as 0, a limit below 1 as the default.
  static PageAsked read(Query& query);
  Page of(std::size_t size) const;
};

}  // namespace rubus
