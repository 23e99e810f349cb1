// A recorded conversation as a value: who sends what, what is expected back, and what happens to
// the server in between.
//
// The text form is the one of the golden recordings (README.md in this folder): `C> ` and `S< `
// lines, `#` remarks, and our `!` lines for everything that a player must do. Parsing decides the
// meaning of every line, so that a player never looks at text; a line that has no meaning is an
// error, not a remark.
//
// Invariants of a parsed Transcript: every connection number is >= 1; Say.bytes is never empty;
// expected bytes end with a whole protocol frame or with Expect.end_of_stream.
// It does not know sockets, servers or time, and does not compare anything.
#ifndef RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_H_
#define RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rubus::transcript {

// Client bytes of one block: consecutive lines of one connection. Placeholders such as {signature}
// are still inside; the player fills them in.
struct Say {
  int connection;
  std::string bytes;
};

// Server bytes of one connection up to the next thing that anybody says or does.
struct Expect {
  int connection;
  std::string pattern;  // with placeholders
  bool end_of_stream;
};

enum class ActionKind {
  reload,         // argument: the whole new configuration
  signal,         // argument: TERM, INT, USR2 ...
  exits,          // argument: exit code the server must end with by itself
  tls,            // the connection makes a TLS handshake now
  tls_refused,    // the same, and the handshake must fail
  refused,        // opening this connection must be refused
  bytewise,       // the next block of this connection goes out one byte at a time
  pass,           // duration goes by
  quiet,          // duration goes by and nothing may arrive at this connection
  stop_reading,   // the client leaves what arrives in the socket
  read_to_end,    // the client reads again: whole frames or a cut one, no -ERR, then end of stream
  send_repeated,  // count times the argument
  monitor         // argument: path, blank, text that the answer must contain
};

struct Action {
  ActionKind kind;
  int connection;
  std::string argument;
  std::chrono::milliseconds duration;
  std::size_t count;
};

using StepWhat = std::variant<Say, Expect, Action>;

struct Step {
  std::size_t line;    // where it begins in the file, for messages
  std::string remark;  // the last `#` line before it
  StepWhat what;
};

struct Transcript {
  std::string title;          // second line of the file
  std::string configuration;  // lines; without `listen`
  std::vector<Step> steps;

  [[nodiscard]] bool asks_monitor() const;
  [[nodiscard]] bool uses_tls() const;
};

struct ParseFailure {
  std::size_t line;
  std::string what;
};

using ParseOutcome = std::variant<Transcript, ParseFailure>;

[[nodiscard]] ParseOutcome parse_transcript(std::string_view text);

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_H_
