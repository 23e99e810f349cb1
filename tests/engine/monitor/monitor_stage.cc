#include "tests/engine/monitor/monitor_stage.h"

#include <array>

namespace rubus::test {

Options MonitorStage::default_options() {
  Options options;
  options.identity.server_id = "NTEST";
  options.identity.server_name = "s1";
  options.identity.version = "2.15.1";
  options.identity.toolchain = "go1.27.2";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  options.monitor.http_host = "127.0.0.1";
  options.monitor.http_port = 8222;
  return options;
}

MonitorStage::MonitorStage(const Options& options)
    : engine_(options, 1, WallTime{started}, pool_) {}

void MonitorStage::step(Input input) {
  const std::array<Input, 1> inputs = {std::move(input)};
  step_all(inputs);
}

void MonitorStage::step_all(std::span<const Input> inputs) {
  const WallTime wall{started + now_.nanoseconds - 1'000'000'000};
  engine_.step({now_, wall, inputs}, output_);
  // Clients read at once.
  for (const ConnectionId connection : output_.sendable) {
    std::array<ByteView, 16> views;
    const std::size_t count = engine_.gather(connection, views);
    std::uint64_t sent = 0;
    for (std::size_t at = 0; at < count; ++at) {
      sent += views[at].size;
    }
    if (sent > 0) {
      const std::array<Input, 1> taken = {BytesSent{connection, sent}};
      engine_.step({now_, wall, taken}, after_sending_);
    }
  }
}

void MonitorStage::advance(Duration length) {
  now_ = now_ + length;
  step_all({});
}

int MonitorStage::open() {
  ConnectionOpened opened;
  opened.connection = id_of(++opened_);
  opened.remote.bytes = {127, 0, 0, 1};
  opened.remote.port = static_cast<std::uint16_t>(50000 + opened_);
  step(opened);
  return opened_;
}

void MonitorStage::send(int client, std::string_view text) {
  step(BytesReceived{id_of(client), Slice::copy_of(pool_, text)});
}

void MonitorStage::hang_up(int client) {
  step(ConnectionClosed{id_of(client), CloseCause::peer_closed});
}

void MonitorStage::reload(const Options& options) {
  step(OptionsChanged{std::make_shared<const Options>(options)});
}

MonitorReply MonitorStage::ask(std::string_view path, std::string_view query) {
  question_.path.assign(path);
  question_.query.assign(query);
  step(MonitorAsked{{7}, std::make_shared<const MonitorQuestion>(question_)});
  return output_.replies.at(0);
}

}  // namespace rubus::test
