// Plays a transcript on a stage and says whether the server kept to its part.
//
// The stage is a handful of functions, so that the same player drives sockets of a real process
// and the engine object in virtual time. The player decides what is said when and what counts as
// an answer; the stage decides how bytes and time move.
//
// Absence is checked too: what a server sends and the transcript does not expect is found by the
// next expectation of that connection, and at the end by a short quiet time on all connections.
#ifndef RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_PLAYER_H_
#define RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_PLAYER_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/transcripts/transcript.h"

namespace rubus::transcript {

// Nothing = done; text = what went wrong, in words for the person who reads the failure.
using Problem = std::optional<std::string>;

struct Stage {
  std::function<Problem(int connection)> open;
  std::function<Problem(int connection, std::string_view bytes)> send;
  // Lets time go by until bytes or an end arrive at any connection, or the patience is used up.
  // Takes what went by off the patience; false = used up and nothing arrived.
  std::function<bool(std::chrono::milliseconds& patience)> wait;
  // What arrived at the connection since the last call.
  std::function<std::string(int connection)> take;
  // The server has closed the connection and take() has nothing more.
  std::function<bool(int connection)> ended;
  // reload, signal, exits, tls, tls_refused, refused, stop_reading, read_to_end, monitor.
  std::function<Problem(const Action& action)> act;
};

struct Patience {
  std::chrono::milliseconds answer{10'000};  // how long an expected answer may take
  std::chrono::milliseconds quiet{150};      // how long nothing must come at the end
};

[[nodiscard]] Problem play(const Transcript& transcript, const Stage& stage,
                           const Patience& patience);

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_TRANSCRIPT_PLAYER_H_
