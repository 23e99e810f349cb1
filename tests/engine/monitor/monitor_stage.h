// MonitorStage: an Engine with clients on it, asked for monitoring documents. Virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/block.h"
#include "engine/engine.h"

namespace rubus::test {

class MonitorStage {
 public:
  static constexpr std::int64_t started = 1'795'406'400'000'000'000;  // 2026-11-23T04:00:00Z

  static Options default_options();
  explicit MonitorStage(const Options& options = default_options());

  // Opens connections 1, 2, … and sends them text.
  int open();
  void send(int client, std::string_view text);
  int connect(std::string_view more) {
    const int client = open();
    send(client, std::string("CONNECT {\"verbose\":false}\r\n").append(more));
    return client;
  }
  void hang_up(int client);
  // What became due meanwhile has happened afterwards, so questions alone change nothing.
  void advance(Duration length);
  void reload(const Options& options);

  MonitorReply ask(std::string_view path, std::string_view query);
  std::string body(std::string_view path, std::string_view query) { return ask(path, query).body; }
  void set_question(const MonitorQuestion& question) { question_ = question; }

 private:
  static ConnectionId id_of(int client) { return {static_cast<std::uint32_t>(client), 1}; }
  void step(Input input);
  void step_all(std::span<const Input> inputs);

  BlockPool pool_;
  Engine engine_;
  Output output_;
  Output after_sending_;
  Instant now_{1'000'000'000};
  int opened_ = 0;
  MonitorQuestion question_;
};

}  // namespace rubus::test
