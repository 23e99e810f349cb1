// Compares what a server sent with what a transcript expects, with exactly the tolerances of the
// recordings: placeholders, server PINGs anywhere, and no defined order among the deliveries of
// one message to several subscriptions. Everything else is compared byte by byte and in order.
//
// `"api_lvl":N` and `"xkey":"..."` of an INFO line may be absent or differ: they announce
// JetStream and account features, not the client protocol.
//
// Invariant: received bytes are consumed only by a full match, so asking again after more bytes
// arrived gives the same answer as asking once at the end. It does not know time: "need more" is
// turned into a failure by whoever waits.
#ifndef RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_MATCH_H_
#define RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_MATCH_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/transcripts/transcript.h"

namespace rubus::transcript {

// What placeholders stood for. {server_id} is one value for the whole conversation; {client_id}
// and {nonce} are one value per connection; {reply} is the last one that any connection got.
class Bindings {
 public:
  // False if the name is bound to something else already.
  [[nodiscard]] bool bind(int connection, std::string_view name, std::string_view value);
  [[nodiscard]] std::optional<std::string> find(int connection, std::string_view name) const;

 private:
  std::map<std::string, std::string> values_;
};

// Does the text follow the pattern from its first to its last byte?
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text, int connection,
                                   Bindings& bindings);

enum class FrameKind { ping, delivery, other };

// One line of the server, or a MSG or HMSG line with its payload; with its line ends.
struct Frame {
  FrameKind kind;
  std::string bytes;
};

// Takes the whole frames off the front of `bytes` and leaves the rest there.
[[nodiscard]] std::vector<Frame> take_frames(std::string& bytes);

struct Mismatch {
  std::string expected;
  std::string received;
};

enum class Progress { matched, need_more, mismatched };

// One connection's view: what has arrived and has not been accounted for.
class Inbox {
 public:
  explicit Inbox(int connection) : connection_(connection) {}

  void add(std::string_view bytes);
  void end() { ended_ = true; }
  void forget() { frames_.clear(), partial_.clear(); }

  [[nodiscard]] Progress match(const Expect& expect, Bindings& bindings);
  // The first thing that is not a server PING, if anything is there.
  [[nodiscard]] std::optional<std::string> first_unexpected() const;
  [[nodiscard]] bool ended() const { return ended_; }
  // Why the last match() was not a match.
  [[nodiscard]] const Mismatch& mismatch() const { return mismatch_; }
  // Everything that arrived and is not accounted for.
  [[nodiscard]] std::string all() const;

 private:
  [[nodiscard]] Progress match_one(const Frame& expected, std::size_t& at, Bindings& bindings);
  [[nodiscard]] Progress match_deliveries(const Frame* first, std::size_t count, std::size_t& at,
                                          Bindings& bindings);
  [[nodiscard]] Progress out_of_frames(const std::string& expected);

  int connection_;
  bool ended_ = false;
  std::vector<Frame> frames_;
  std::string partial_;
  Mismatch mismatch_;
};

// Printable on one line.
[[nodiscard]] std::string shown(std::string_view bytes);

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_MATCH_H_
