// PayloadScanner: finds the payload bodies in what one client or peer sends, chunk by chunk.
//
// It knows of the protocol only what is needed to tell a body from the rest (client_protocol.md §1
// and §5, cluster_protocol.md C and D): lines end at LF; PUB and HPUB of clients, RMSG, HMSG and
// LMSG of peers name their sizes. Whatever it does not understand puts it
// into a state in which nothing is ever called a body again: keeping too much is harmless, eliding
// a byte that the engine decides by is not. It does not validate anything and holds at most one
// unfinished line of a message of `held_bytes_max`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rubus {

class PayloadScanner {
 public:
  struct Run {
    std::size_t size = 0;
    bool is_body = false;
  };
  static constexpr std::size_t held_bytes_max = std::size_t{64} << 10U;

  enum class Flavour : std::uint8_t { client, route, leaf };

  PayloadScanner() = default;
  explicit PayloadScanner(Flavour flavour) : flavour_(flavour) {}

  // Appends runs that cover `bytes` exactly; neighbours differ in kind.
  void scan(std::string_view bytes, std::vector<Run>& runs);

 private:
  enum class State : std::uint8_t {
    line_start,  // at the first byte of a line
    held_line,   // inside a line that may announce a body; held_ has what came so far
    other_line,  // inside any other line
    kept,        // header block or a body that is kept
    body,
    lost,  // not understood: everything is kept from here on
  };

  // What the line of a verb is made of.
  struct Form {
    std::string_view verb;
    std::size_t subject = 1;   // which word, counted from the verb
    bool has_header = false;   // a header size stands before the size
    std::size_t more_max = 1;  // words between subject and sizes
  };
  static std::span<const Form> forms_of(Flavour flavour);

  std::size_t scan_line(std::string_view bytes);
  bool may_announce(std::string_view begin) const;
  void on_line(std::string_view line);
  void on_message(std::string_view line, const Form& form);

  Flavour flavour_ = Flavour::client;
  State state_ = State::line_start;
  std::string held_;
  std::vector<std::string_view> words_;  // of the line being read; reused
  std::size_t kept_left_ = 0;
  std::size_t body_left_ = 0;
};

}  // namespace rubus
