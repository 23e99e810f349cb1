// The stage of a real server process: sockets on 127.0.0.1, real time, signals, a file to reload.
//
// One thread, one poll loop over all connections and the server's log. It waits for events only;
// real time is spent where the conversation itself is about time.
#ifndef RUBUS_TESTS_TRANSCRIPTS_PROCESS_STAGE_H_
#define RUBUS_TESTS_TRANSCRIPTS_PROCESS_STAGE_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/transcripts/spawned_server.h"
#include "tests/transcripts/tls_client.h"
#include "tests/transcripts/transcript_player.h"

namespace rubus::transcript {

class ProcessStage {
 public:
  explicit ProcessStage(SpawnedServer& server) : server_(server) {}
  ~ProcessStage();
  ProcessStage(const ProcessStage&) = delete;
  ProcessStage& operator=(const ProcessStage&) = delete;

  // The functions refer to this object.
  [[nodiscard]] Stage stage();

 private:
  struct Connection {
    int socket;
    std::string received;  // plain bytes not yet taken
    std::string unsent;    // wire bytes
    bool ended;
    bool reading;
    std::unique_ptr<TlsClient> tls;
  };

  [[nodiscard]] Problem open(int number);
  [[nodiscard]] Problem send(int number, std::string_view bytes);
  [[nodiscard]] bool wait(std::chrono::milliseconds& patience);
  [[nodiscard]] Problem act(const Action& action);

  [[nodiscard]] Problem reload(const std::string& configuration);
  [[nodiscard]] Problem must_exit(const std::string& code);
  [[nodiscard]] Problem shake_hands(int number, bool must_fail);
  [[nodiscard]] Problem must_be_refused();
  [[nodiscard]] Problem ask_monitor(const std::string& argument);
  // Waits until the condition holds; false = it never did.
  [[nodiscard]] bool wait_until(const std::function<bool()>& condition);

  void write_out(Connection& connection);
  [[nodiscard]] bool read_in(Connection& connection);

  SpawnedServer& server_;
  std::map<int, Connection> connections_;
};

}  // namespace rubus::transcript

#endif  // RUBUS_TESTS_TRANSCRIPTS_PROCESS_STAGE_H_
