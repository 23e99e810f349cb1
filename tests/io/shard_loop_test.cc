// Goal: the loop only obeys, and costs nobody anything by it. Method: the real shard behind real
// loopback sockets; what clients see is what counts.
#include "tests/io/loop_fixture.h"

#include "io/flight_recorder.h"
#include "io/sibling_pipe.h"
#include "io/tls_stream.h"
#include "tests/io/test_certificate.h"

namespace rubus::io {
namespace {

constexpr std::string_view hello = "CONNECT {\"verbose\":false}\r\nPING\r\n";

class ShardLoopTest : public LoopFixture {
 protected:
  std::unique_ptr<TestClient> client() {
    std::unique_ptr<TestClient> made = connect();
    made->send(hello);
    until([&] { return made->has("PONG\r\n"); });
    made->received.clear();
    return made;
  }

  // A client that never stops publishing.
  struct Busy {
    std::unique_ptr<TestClient> client;
    std::size_t place = 0;  // in the command that is under way
  };
  // More of them than one batch has room for.
  std::vector<Busy> busy_clients() {
    std::vector<Busy> all(16);
    for (Busy& each : all) {
      each.client = client();
    }
    return all;
  }
  // All that the kernel takes; answers are read.
  static void keep_busy(std::vector<Busy>& all) {
    static const std::string command =
        "PUB load 60000\r\n" + std::string(60'000, 'w') + "\r\nPING\r\n";
    for (Busy& each : all) {
      std::size_t sent = 0;
      while ((sent = each.client->send_some(std::string_view(command).substr(each.place))) > 0) {
        each.place = (each.place + sent) % command.size();
      }
      each.client->receive();
    }
  }
};

TEST_F(ShardLoopTest, a_connection_is_greeted_and_answered) {
  start(plain_options());
  const auto one = client();
  EXPECT_EQ(loop_->connections(), 1U);
}

TEST_F(ShardLoopTest, commands_sent_byte_by_byte_mean_the_same) {
  start(plain_options());
  const auto one = connect();
  for (const char letter : hello) {
    one->send({&letter, 1});
    loop_->run_once();
  }
  until([&] { return one->has("PONG\r\n"); });
}

TEST_F(ShardLoopTest, a_payload_of_a_megabyte_arrives_whole) {
  start(plain_options());
  const auto reader = client();
  const auto writer = client();
  reader->send("SUB big 1\r\nPING\r\n");
  until([&] { return reader->has("PONG\r\n"); });
  reader->received.clear();
  std::string payload(1'048'576, 'x');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>('a' + i % 23);
  }
  const std::string command = "PUB big 1048576\r\n" + payload + "\r\n";
  std::size_t sent = 0;
  const std::string wanted = "MSG big 1 1048576\r\n" + payload + "\r\n";
  until([&] {
    sent += writer->send_some(std::string_view(command).substr(sent));
    reader->receive();
    return reader->received.size() >= wanted.size();
  });
  EXPECT_TRUE(reader->received == wanted) << "the payload was changed on its way";
}

TEST_F(ShardLoopTest, more_pieces_than_one_write_takes_all_arrive) {
  start(plain_options());
  const auto reader = client();
  const auto writer = client();
  reader->send("SUB s 1\r\nPING\r\n");
  until([&] { return reader->has("PONG\r\n"); });
  reader->received.clear();
  // Each payload is long enough to travel as a slice of its own, so that one batch leaves far more
  // pieces than a single look at the queue shows.
  const std::string payload(2000, 'y');
  std::string commands;
  std::string wanted;
  for (int i = 0; i < 300; ++i) {
    commands += "PUB s 2000\r\n" + payload + "\r\n";
    wanted += "MSG s 1 2000\r\n" + payload + "\r\n";
  }
  std::size_t sent = 0;
  until([&] {
    sent += writer->send_some(std::string_view(commands).substr(sent));
    reader->receive();
    return reader->received.size() >= wanted.size();
  });
  EXPECT_TRUE(reader->received == wanted);
}

TEST_F(ShardLoopTest, a_reader_that_stops_reading_delays_nobody) {
  start(plain_options());
  const auto slow = std::make_unique<TestClient>(listener_.port(), 4096);
  slow->send("CONNECT {}\r\nSUB load 1\r\n");
  const auto other = client();
  const auto writer = client();
  const std::string payload(60'000, 'z');
  for (int i = 0; i < 100; ++i) {
    std::string command = "PUB load 60000\r\n" + payload + "\r\n";
    until([&] {
      command.erase(0, writer->send_some(command));
      return command.empty();
    });
  }
  writer->send("PING\r\n");
  until([&] { return writer->has("PONG\r\n"); });
  other->send("PING\r\n");
  until([&] { return other->has("PONG\r\n"); });
  EXPECT_EQ(loop_->connections(), 3U);
}

TEST_F(ShardLoopTest, the_last_words_arrive_before_the_close) {
  start(plain_options());
  const auto one = client();
  one->send("NONSENSE\r\n");
  until([&] { return one->has_ended(); });
  EXPECT_EQ(one->received, "-ERR 'Unknown Protocol Operation'\r\n");
  until([&] { return loop_->connections() == 0; });
}

TEST_F(ShardLoopTest, a_slot_serves_its_next_user_afresh) {
  start(plain_options());
  for (int i = 0; i < 20; ++i) {
    const auto one = client();
    one->send("SUB foo 1\r\n");
    one->hang_up();
    until([&] { return loop_->connections() == 0; });
  }
  const auto last = client();
  last->send("PUB foo 2\r\nhi\r\nPING\r\n");
  until([&] { return last->has("PONG\r\n"); });
  EXPECT_EQ(last->received, "PONG\r\n") << "a subscription of an earlier user was still there";
}

TEST_F(ShardLoopTest, many_connections_at_once_are_all_served) {
  start(plain_options());
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<TestClient>(listener_.port()));
    clients.back()->send(hello);
  }
  until([&] {
    for (const auto& each : clients) {
      if (!each->has("PONG\r\n")) {
        return false;
      }
    }
    return true;
  });
}

TEST_F(ShardLoopTest, no_busy_connection_starves_while_others_fill_every_batch) {
  start(plain_options());
  std::vector<Busy> all = busy_clients();
  const std::size_t pongs_wanted = 40;
  until([&] {
    keep_busy(all);
    return std::all_of(all.begin(), all.end(), [](const Busy& each) {
      return each.client->received.size() >= pongs_wanted * 6;  // "PONG\r\n"
    });
  });
  for (const Busy& each : all) {
    EXPECT_FALSE(each.client->ended);
  }
}

// The test is the sibling at the other end of the pipes.
class SiblingTest : public ShardLoopTest {
 protected:
  SiblingTest()
      : own_bell_(context_),
        other_bell_(other_context_),
        in_(other_bell_, own_bell_),
        out_(own_bell_, other_bell_) {}
  ~SiblingTest() override {
    listener_.close();
    loop_.reset();  // before its pipes
  }

  void join() {
    Options options = plain_options();
    options.shard = ShardPlace{0, 2};
    start(options);
    loop_->join({1, &own_bell_, &in_, &out_});
  }
  void say(std::string_view bytes) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    ASSERT_EQ(in_.write({&piece, 1}), bytes.size());
  }

  boost::asio::io_context other_context_;
  LoopBell own_bell_;
  LoopBell other_bell_;
  SiblingPipe in_;
  SiblingPipe out_;
};

TEST_F(SiblingTest, a_shard_hears_a_sibling_while_local_publishers_fill_every_batch) {
  join();
  const auto reader = client();
  reader->send("SUB news 1\r\nPING\r\n");
  until([&] { return reader->has("PONG\r\n"); });
  std::vector<Busy> all = busy_clients();
  constexpr int turns = 20;
  for (int turn = 0; turn < turns; ++turn) {  // from here on every batch is full
    keep_busy(all);
    loop_->run_once();
  }
  say("RMSG $G news 5\r\nhello\r\n");
  for (int turn = 0; turn < turns; ++turn) {
    keep_busy(all);
    loop_->run_once();
  }
  EXPECT_EQ(in_.readable(), 0U) << "nobody read what the sibling said";
  EXPECT_TRUE(reader->has("MSG news 1 5\r\nhello\r\n")) << reader->received;
}

TEST_F(ShardLoopTest, a_shutdown_closes_everything_and_says_so) {
  start(plain_options());
  const auto one = client();
  loop_->push(ShutdownRequested{});
  until([&] { return finished_ && one->has_ended(); });
  EXPECT_FALSE(listener_.is_open());
  EXPECT_EQ(loop_->connections(), 0U);
}

TEST_F(ShardLoopTest, a_silent_client_is_stepped_when_its_time_comes) {
  Options options = plain_options();
  options.limits.ping_interval = milliseconds(20);
  options.limits.ping_max = 1;
  start(options);
  const auto one = connect();
  one->send("CONNECT {}\r\n");
  until([&] { return one->has_ended(); });
  EXPECT_TRUE(one->has("-ERR 'Stale Connection'\r\n")) << one->received;
}

TEST_F(ShardLoopTest, what_is_recorded_replays_to_the_same_digest) {
  const std::string path = ::testing::TempDir() + "rubus_recording_" + std::to_string(::getpid());
  std::uint64_t lived = 0;
  std::string file;
  {
    start(plain_options());
    FlightRecorder recorder;
    RecordingHeader header;
    header.seed = 1;
    header.options = plain_options();
    ASSERT_EQ(recorder.open(path, header), std::nullopt);
    loop_->record_to(&recorder);
    const auto one = client();
    one->send("SUB a 1\r\nPUB a 5\r\nhello\r\nPING\r\n");
    until([&] { return one->has("PONG\r\n"); });
    EXPECT_NE(one->received.find("hello"), std::string::npos);
    lived = loop_->shard().digest();
    recorder.finish(loop_->shard());
    std::FILE* const in = std::fopen(path.c_str(), "rb");
    ASSERT_NE(in, nullptr);
    char bytes[4096];
    for (std::size_t got = 0; (got = std::fread(bytes, 1, sizeof bytes, in)) > 0;) {
      file.append(bytes, got);
    }
    std::fclose(in);
    ::unlink(path.c_str());
    loop_->record_to(nullptr);
  }
  EXPECT_EQ(file.find("hello"), std::string::npos) << "a payload body was recorded";
  RecordingReader reader(file);
  RecordingHeader header;
  ASSERT_TRUE(reader.read_header(header)) << reader.why();
  DurableShard again(header.options, header.seed, header.started);
  Output output;
  RecordingReader::Kind kind = reader.next(again.blocks());
  for (; kind == RecordingReader::Kind::batch; kind = reader.next(again.blocks())) {
    output.clear();
    again.step(reader.batch().view(), output);
    reader.batch().inputs.clear();
  }
  ASSERT_EQ(kind, RecordingReader::Kind::end) << reader.why();
  EXPECT_EQ(reader.digest().digest, lived);
  EXPECT_EQ(again.digest(), lived);
}

// ---- dialing

Options options_with_route(std::uint16_t port) {
  Options options;
  options.identity.server_id = "NTEST";
  options.identity.server_name = "test";
  options.identity.version = "2.14.0";
  options.cluster.enabled = true;
  options.cluster.name = "c";
  options.cluster.host = "127.0.0.1";
  options.cluster.port = 1;
  options.cluster.routes.push_back({"peer.test", port, {}, {}, false});
  return options;
}

HostResolved resolved(ResolveTicket ticket) {
  HostAddresses found;
  found.addresses.push_back({{127, 0, 0, 1}, 0, false});
  return {ticket, std::make_shared<const HostAddresses>(std::move(found))};
}

TEST_F(ShardLoopTest, a_route_is_looked_up_dialed_and_spoken_to_without_being_asked) {
  Listener peer(context_);
  ASSERT_EQ(peer.open({"127.0.0.1", -1}), std::nullopt);
  int descriptor = -1;
  peer.start(
      "Route", [&descriptor](int accepted, const Address&) { descriptor = accepted; },
      [](const std::string&) {});
  start(options_with_route(peer.port()));
  until([&] { return !resolves_.empty(); });
  EXPECT_EQ(resolves_[0].host, "peer.test");
  loop_->push(resolved(resolves_[0].ticket));
  until([&] { return descriptor >= 0; });
  std::string said;
  until([&] {
    char bytes[4096];
    const ssize_t got = ::recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    said.append(bytes, got > 0 ? static_cast<std::size_t>(got) : 0);
    return said.find("INFO {") != std::string::npos && said.ends_with("\r\n");
  });
  EXPECT_TRUE(said.starts_with("CONNECT {")) << said;
  EXPECT_EQ(loop_->connections(), 1U) << "a dialed socket is a connection like any other";
  ::close(descriptor);
  until([&] { return loop_->connections() == 0; });
}

TEST_F(ShardLoopTest, a_dial_that_fails_is_told_in_the_log_with_its_cause) {
  std::uint16_t closed = 0;
  {
    Listener listener(context_);
    ASSERT_EQ(listener.open({"127.0.0.1", -1}), std::nullopt);
    closed = listener.port();
  }
  start(options_with_route(closed));
  until([&] { return !resolves_.empty(); });
  loop_->push(resolved(resolves_[0].ticket));
  until([&] {
    return std::any_of(logs_.begin(), logs_.end(), [](const std::string& line) {
      return line.find("connection refused") != std::string::npos;
    });
  });
}

// A hub whose end of the connection is the test's.
class Hub {
 public:
  Hub(boost::asio::io_context& context, std::shared_ptr<const TlsContext> settings)
      : listener_(context), tls_(std::move(settings)) {
    EXPECT_EQ(listener_.open({"127.0.0.1", -1}), std::nullopt);
    listener_.start(
        "Leafnode", [this](int accepted, const Address&) { descriptor_ = accepted; },
        [](const std::string&) {});
  }
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub() { ::close(descriptor_); }

  std::uint16_t port() const { return listener_.port(); }
  bool is_connected() const { return descriptor_ >= 0; }
  void ask_for_tls() {
    const std::string info =
        "INFO {\"server_id\":\"HUB\",\"server_name\":\"hub\",\"version\":\"2.14.0\","
        "\"client_id\":1,\"headers\":true,\"info_on_connect\":true,\"tls_required\":true}\r\n";
    ASSERT_EQ(::send(descriptor_, info.data(), info.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(info.size()));
  }
  // One step of the handshake.
  TlsStream::State shake_hands() {
    char bytes[16384];
    const ssize_t got = ::recv(descriptor_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
      tls_.feed({bytes, static_cast<std::size_t>(got)});
      tls_.read(bytes, sizeof bytes);
    }
    const std::string_view out = tls_.outgoing();
    if (!out.empty()) {
      const ssize_t sent = ::send(descriptor_, out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      tls_.consume_outgoing(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    }
    return tls_.state();
  }
  const std::string& problem() const { return tls_.problem(); }

 private:
  Listener listener_;
  TlsStream tls_;
  int descriptor_ = -1;
};

// What stood first in the configuration stands second after the reload, as the hub's answer comes.
TEST_F(ShardLoopTest, a_hub_is_met_with_the_settings_it_was_dialed_with_whatever_is_reloaded) {
  const Certificate of_hub("hub", "DNS:hub.test");
  const Certificate of_another("another", "DNS:another.test");
  Hub hub(context_, context_of(files_of(of_hub), false));
  Options options = plain_options();
  LeafRemote remote;
  remote.urls.push_back({"hub.test", hub.port(), {}, {}, true});
  remote.tls.enabled = true;
  options.leaf.remotes.push_back(std::move(remote));
  start(options);
  TlsContexts settings;
  settings.dialed_leaf = {dialing_context_of(trusting(of_hub))};
  loop_->set_tls(settings);
  until([&] { return !resolves_.empty(); });
  loop_->push(resolved(resolves_[0].ticket));
  until([&] { return hub.is_connected() && loop_->connections() == 1; });
  settings.dialed_leaf.insert(settings.dialed_leaf.begin(),
                              dialing_context_of(trusting(of_another)));
  loop_->set_tls(settings);
  hub.ask_for_tls();
  until([&] { return hub.shake_hands() != TlsStream::State::handshaking; });
  EXPECT_EQ(hub.shake_hands(), TlsStream::State::established) << hub.problem();
}

}  // namespace
}  // namespace rubus::io
