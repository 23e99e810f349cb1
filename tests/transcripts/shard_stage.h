// The stage of the simulator: the engine object itself, in virtual time, without a socket.
//
// It plays an obedient shell: every output is done at once, in the order of its fields, and time
// jumps to the next deadline of the shard when nothing is left to do. So an hour of silence costs
// nothing and every run is the same run.
// A client that has stopped reading is a socket buffer of fixed size: what does not fit stays with
// the shard. TLS belongs to the production shell; conversations about it are not played here.
#ifndef RUBUS_TESTS_TRANSCRIPTS_SHARD_STAGE_H_
#define RUBUS_TESTS_TRANSCRIPTS_SHARD_STAGE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/durable_shard.h"
#include "tests/transcripts/transcript_player.h"

namespace rubus::transcript {

// Text of a configuration file to what the engine is told; throws std::runtime_error.
using ReadConfiguration = std::function<Options(const std::string& text)>;

class ShardStage {
 public:
  // `piece_bytes` is the most that one BytesReceived holds; 0 = whatever was said at once.
  ShardStage(const Options& options, ReadConfiguration read, std::size_t piece_bytes);

  // The functions refer to this object.
  [[nodiscard]] Stage stage();

 private:
  struct Connection {
    ConnectionId id;
    std::string received;          // not yet taken
    std::string buffered;          // in the socket of a client that does not read
    std::string unread_said;       // what the client said and the shard does not want yet
    std::uint64_t unreported = 0;  // bytes that left, of which the next step tells the shard
    bool reading = true;
    bool paused = false;
    bool closing = false;  // the shard wants it closed as soon as its bytes have left
    bool gone = false;
  };

  [[nodiscard]] Problem open(int number);
  [[nodiscard]] Problem send(int number, std::string_view bytes);
  [[nodiscard]] bool wait(std::chrono::milliseconds& patience);
  [[nodiscard]] Problem act(const Action& action);
  [[nodiscard]] Problem ask_monitor(const std::string& argument);
  [[nodiscard]] Problem send_signal(const std::string& name);
  [[nodiscard]] Problem must_exit(const std::string& code);

  // Steps until nothing is left to do at this moment.
  void settle();
  void perform();
  void deliver_said(Connection& connection);
  void flush(Connection& connection);
  void close(Connection& connection);
  [[nodiscard]] Connection* find(ConnectionId id);

  DurableShard shard_;
  ReadConfiguration read_;
  std::size_t piece_bytes_;
  Instant now_ = Instant{} + seconds(1);
  WallTime wall_;
  Output output_;
  std::vector<Input> inputs_;
  std::map<int, Connection> connections_;
  std::vector<MonitorReply> replies_;
  std::uint64_t monitor_tickets_ = 0;
  bool arrived_ = false;
  bool listening_ = true;
  bool finished_ = false;
};

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_SHARD_STAGE_H_
