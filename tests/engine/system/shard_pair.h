// ShardPair: two shards of one process, joined as the shell joins them, with clients on both.
//
// What one asks of the other is carried at once, in the order of asking; clients read at once.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace rubus::test {

class ShardPair {
 public:
  explicit ShardPair(const Options& base) {
    for (std::uint32_t shard = 0; shard < engines_.size(); ++shard) {
      Options options = base;
      options.shard = {shard, 2};
      engines_[shard] = std::make_unique<Engine>(options, 1, WallTime{1}, pool_);
      step(shard, {});
    }
    for (std::uint32_t shard = 0; shard < engines_.size(); ++shard) {
      ConnectionOpened opened;
      opened.kind = ConnectionKind::sibling;
      opened.sibling = 1 - shard;
      opened.connection = link;
      step(shard, {opened});
    }
    carry();
  }

  // Logs in as `user` with password "p"; INFO and PONG are taken off.
  void login(std::uint32_t shard, std::uint32_t slot, std::string_view user) {
    ConnectionOpened opened;
    opened.connection = {slot, 1};
    step(shard, {opened});
    std::string text =
        "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true,\"user\":\"";
    send(shard, slot, text.append(user).append("\",\"pass\":\"p\"}\r\nPING\r\n"));
  }
  // What the client has got since it was last looked at.
  std::string send(std::uint32_t shard, std::uint32_t slot, std::string_view text) {
    step(shard, {BytesReceived{{slot, 1}, Slice::copy_of(pool_, text)}});
    carry();
    return take(shard, slot);
  }
  std::string take(std::uint32_t shard, std::uint32_t slot) {
    return std::exchange(received_[{shard, slot}], {});
  }
  void hang_up(std::uint32_t shard, std::uint32_t slot) {
    step(shard, {ConnectionClosed{{slot, 1}, CloseCause::peer_closed}});
    carry();
  }
  void advance(Duration length) {
    now_ = now_ + length;
    step(0, {});
    step(1, {});
    carry();
  }
  // An answer of the monitoring port.
  std::string document(std::string_view path, std::string_view query) {
    auto question = std::make_shared<MonitorQuestion>();
    question->path = path;
    question->query = query;
    step(0, {MonitorAsked{{5}, question}});
    carry();
    return std::exchange(reply_, {});
  }

 private:
  static constexpr ConnectionId link{100, 1};

  void step(std::uint32_t shard, std::vector<Input> inputs) {
    engines_[shard]->step({now_, WallTime{now_.nanoseconds}, inputs}, output_);
    const Output output = std::exchange(output_, Output());
    const std::uint32_t other = 1 - shard;
    for (const SnapshotWish& wish : output.snapshot_wishes) {
      to_do_.emplace_back(other, SnapshotAsked{wish.ticket, wish.question});
    }
    for (const SnapshotGiven& given : output.snapshots) {
      to_do_.emplace_back(0, SnapshotTaken{given.ticket, shard, given.snapshot});
    }
    for (const MonitorReply& reply : output.replies) {
      reply_ = reply.body;
    }
    for (const ConnectionId connection : output.sendable) {
      std::array<ByteView, 64> views;
      const std::size_t count = engines_[shard]->gather(connection, views);
      std::string text;
      for (std::size_t at = 0; at < count; ++at) {
        text.append(reinterpret_cast<const char*>(views[at].data), views[at].size);
      }
      if (text.empty()) {
        continue;
      }
      step(shard, {BytesSent{connection, text.size()}});
      if (connection == link) {
        to_do_.emplace_back(other, BytesReceived{link, Slice::copy_of(pool_, text)});
      } else {
        received_[{shard, connection.slot}].append(text);
      }
    }
    for (const CloseConnection& wish : output.closes) {
      to_do_.emplace_back(shard, ConnectionClosed{wish.connection, CloseCause::peer_closed});
    }
  }

  void carry() {
    while (!to_do_.empty()) {
      std::pair<std::uint32_t, Input> next = std::move(to_do_.front());
      to_do_.pop_front();
      step(next.first, {std::move(next.second)});
    }
  }

  BlockPool pool_;
  std::array<std::unique_ptr<Engine>, 2> engines_;
  Output output_;
  Instant now_{1'000'000'000};
  std::deque<std::pair<std::uint32_t, Input>> to_do_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> received_;
  std::string reply_;
};

}  // namespace rubus::test
