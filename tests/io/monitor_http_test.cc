// Goal: the monitoring port speaks HTTP as tools expect, and nobody can hold it up.
// Method: raw requests over loopback; the questions are answered by the test.
#include "io/monitor_http.h"

#include "tests/io/loop_fixture.h"

namespace rubus::io {
namespace {

class MonitorHttpTest : public ::testing::Test {
 protected:
  MonitorHttpTest() : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), tick_(context_) {}

  void start(const std::string& base_path) {
    make(base_path);
    ASSERT_EQ(monitor_->open({"127.0.0.1", -1}, nullptr), std::nullopt);
    monitor_->start();
  }
  void make(const std::string& base_path, const MonitorPatience& patience = {}) {
    monitor_ = std::make_unique<MonitorHttp>(
        context_, base_path, patience,
        [this](MonitorAsked asked) { asked_.push_back(std::move(asked)); },
        [](const std::string&) {});
    tick();
  }
  void tick() {
    tick_.expires_after(std::chrono::milliseconds(1));
    tick_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        tick();
      }
    });
  }
  template <typename Condition>
  void until(Condition condition) {
    const Instant deadline = now_monotonic() + seconds(10);
    while (!condition()) {
      ASSERT_LT(now_monotonic(), deadline) << "the condition did not come true within 10 s";
      context_.run_one();
    }
  }
  std::string ask(const std::string& request, const std::string& last_words) {
    return ask_port(monitor_->http_port(), request, last_words);
  }
  std::string ask_port(std::uint16_t port, const std::string& request,
                       const std::string& last_words) {
    TestClient client(port);
    client.send(request);
    until([&] {
      answer_questions();
      return client.has(last_words) || client.ended;
    });
    return client.received;
  }
  void answer_questions() {
    for (MonitorAsked& asked : asked_) {
      last_question_ = asked.question;
      MonitorReply reply;
      reply.ticket = asked.ticket;
      reply.is_metrics = asked.question->path == "/metrics";
      reply.is_json = !reply.is_metrics;
      reply.body = "{\"path\":\"" + asked.question->path + "\"}";
      monitor_->on_reply(std::move(reply));
    }
    asked_.clear();
  }

  boost::asio::io_context context_;
  std::vector<MonitorAsked> asked_;
  std::shared_ptr<const MonitorQuestion> last_question_;
  std::unique_ptr<MonitorHttp> monitor_;

 private:
  boost::asio::steady_timer tick_;
};

TEST_F(MonitorHttpTest, a_document_comes_as_json_that_any_page_may_read) {
  start("");
  const std::string answer = ask("GET /connz?limit=1&sort=cid HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"path\":\"/connz\"}"));
  EXPECT_EQ(last_question_->query, "limit=1&sort=cid");
  EXPECT_GT(last_question_->process.resident_bytes, 0U);
  EXPECT_GT(last_question_->process.cores, 0U);
}

TEST_F(MonitorHttpTest, unknown_paths_get_the_familiar_404) {
  start("");
  const std::string answer = ask("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n", "found\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n404 page not found\n"));
  EXPECT_NE(ask("GET /VARZ HTTP/1.1\r\nHost: x\r\n\r\n", "found\n").find(" 404 "),
            std::string::npos)
      << "paths are case-sensitive";
}

TEST_F(MonitorHttpTest, doubled_slashes_are_tolerated) {
  start("");
  EXPECT_NE(ask("GET //healthz HTTP/1.1\r\nHost: x\r\n\r\n", "}").find("\"/healthz\""),
            std::string::npos);
}

TEST_F(MonitorHttpTest, a_base_path_is_required_and_stripped) {
  start("/nats");
  EXPECT_NE(ask("GET /nats/varz HTTP/1.1\r\nHost: x\r\n\r\n", "}").find("\"/varz\""),
            std::string::npos);
  EXPECT_NE(ask("GET /varz HTTP/1.1\r\nHost: x\r\n\r\n", "found\n").find(" 404 "),
            std::string::npos);
  EXPECT_NE(ask("GET /natsvarz HTTP/1.1\r\nHost: x\r\n\r\n", "found\n").find(" 404 "),
            std::string::npos);
}

TEST_F(MonitorHttpTest, a_head_request_is_answered_without_a_body) {
  start("");
  const std::string answer =
      ask("HEAD /varz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 16\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(MonitorHttpTest, requests_are_counted_by_path_and_its_alias) {
  start("");
  ask("GET /subsz HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  ask("GET /subscriptionsz HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "</html>");
  ask("GET /varz HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  const std::vector<std::pair<std::string, std::uint64_t>> wanted = {
      {"/", 1}, {"/subsz", 2}, {"/varz", 1}};
  EXPECT_EQ(last_question_->requests, wanted);
}

TEST_F(MonitorHttpTest, one_connection_serves_many_requests) {
  start("");
  TestClient client(monitor_->http_port());
  for (int i = 0; i < 3; ++i) {
    client.received.clear();
    client.send("GET /varz HTTP/1.1\r\nHost: x\r\n\r\n");
    until([&] {
      answer_questions();
      return client.has("}");
    });
  }
  EXPECT_FALSE(client.has_ended());
}

TEST_F(MonitorHttpTest, half_a_request_delays_nobody) {
  start("");
  TestClient slow(monitor_->http_port());
  slow.send("GET /va");
  EXPECT_NE(ask("GET /varz HTTP/1.1\r\nHost: x\r\n\r\n", "}").find(" 200 "), std::string::npos);
}

TEST_F(MonitorHttpTest, an_endless_request_head_is_told_and_cut_off) {
  start("");
  TestClient client(monitor_->http_port());
  client.send("GET /varz HTTP/1.1\r\nX: ");
  const std::string filler(4000, 'x');
  until([&] {
    client.send_some(filler);
    return client.has_ended();
  });
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 431 ")) << client.received;
}

TEST_F(MonitorHttpTest, what_cannot_be_served_is_told_why_before_the_close) {
  start("");
  struct Case {
    const char* request;
    const char* status;
  };
  for (const Case& each : {Case{"NONSENSE\r\n\r\n", "400 Bad Request"},
                           Case{"GET /varz HTTP/9.9\r\n\r\n", "400 Bad Request"},
                           Case{"GET /varz HTTP/1.1\r\nNo colon\r\n\r\n", "400 Bad Request"},
                           Case{"POST /varz HTTP/1.1\r\nContent-Length: 5000\r\n\r\nbegun",
                                "413 Payload Too Large"}}) {
    TestClient client(monitor_->http_port());
    client.send(each.request);
    until([&] { return client.has_ended(); });
    EXPECT_TRUE(client.received.starts_with(std::string("HTTP/1.1 ") + each.status + "\r\n"))
        << each.request << client.received;
    EXPECT_NE(client.received.find("Content-Type: text/plain"), std::string::npos);
    EXPECT_NE(client.received.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.received.ends_with(std::string("\r\n\r\n") + each.status + "\n"));
  }
}

TEST_F(MonitorHttpTest, who_leaves_in_the_middle_of_a_request_is_told_nothing) {
  start("");
  TestClient client(monitor_->http_port());
  client.send("GET /va");
  ::shutdown(client.handle(), SHUT_WR);
  until([&] { return client.has_ended(); });
  EXPECT_EQ(client.received, "");
}

// Its reader takes a little at a time, for longer than it may stand still.
TEST_F(MonitorHttpTest, a_long_answer_reaches_whoever_goes_on_taking_it) {
  MonitorPatience patience;
  patience.progress = std::chrono::milliseconds(1000);
  make("", patience);
  ASSERT_EQ(monitor_->open({"127.0.0.1", -1}, nullptr), std::nullopt);
  monitor_->start();
  TestClient client(monitor_->http_port());
  client.send("GET /connz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  until([&] { return !asked_.empty(); });
  // More than the kernel keeps for both of them.
  const std::string body(std::size_t{32} << 20U, 'b');
  MonitorReply reply;
  reply.ticket = asked_[0].ticket;
  reply.body = body;
  const Instant begin = now_monotonic();
  monitor_->on_reply(std::move(reply));
  constexpr std::size_t portion = std::size_t{1} << 20U;
  const Duration time_per_portion = milliseconds(100);
  std::size_t portions = 0;
  std::size_t got_size = 0;
  until([&] {
    if (now_monotonic() - begin < time_per_portion * static_cast<std::int64_t>(portions)) {
      return false;
    }
    ++portions;
    std::string bytes(portion, '\0');
    for (std::size_t taken = 0; taken < portion;) {
      const ssize_t got = ::recv(client.handle(), bytes.data(), portion - taken, MSG_DONTWAIT);
      if (got <= 0) {
        client.ended = got == 0;
        break;
      }
      taken += static_cast<std::size_t>(got);
      got_size += static_cast<std::size_t>(got);
    }
    return client.ended;
  });
  EXPECT_GT(now_monotonic() - begin, Duration(seconds(2))) << "the reader was too fast to tell";
  EXPECT_GT(got_size, body.size());
}

TEST_F(MonitorHttpTest, sessions_beyond_the_limit_are_closed_at_once) {
  start("");
  std::vector<std::unique_ptr<TestClient>> idle;
  for (std::size_t i = 0; i < MonitorHttp::sessions_max; ++i) {
    idle.push_back(std::make_unique<TestClient>(monitor_->http_port()));
  }
  TestClient one_too_many(monitor_->http_port());
  until([&] { return one_too_many.has_ended(); });
  idle.clear();
  until([&] {
    TestClient again(monitor_->http_port());
    again.send("GET / HTTP/1.0\r\n\r\n");
    bool answered = false;
    until([&] {
      answered = again.has("</html>");
      return answered || again.ended;
    });
    return answered;
  });
}

TEST_F(MonitorHttpTest, the_port_for_prometheus_serves_the_metrics_and_nothing_else) {
  make("");
  ASSERT_EQ(monitor_->open_metrics({"127.0.0.1", -1}), std::nullopt);
  monitor_->start();
  const std::uint16_t port = monitor_->metrics_port();
  const std::string scrape = ask_port(port, "GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  EXPECT_NE(scrape.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            std::string::npos)
      << scrape;
  EXPECT_TRUE(scrape.ends_with("{\"path\":\"/metrics\"}"));
  for (const char* path : {"/", "/varz", "/metrics/", "/dashboard"}) {
    const std::string answer =
        ask_port(port, std::string("GET ") + path + " HTTP/1.1\r\nHost: x\r\n\r\n", "found\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 404")) << path << answer;
  }
}

TEST_F(MonitorHttpTest, the_monitoring_port_serves_the_metrics_too) {
  start("");
  const std::string scrape = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "}");
  EXPECT_NE(scrape.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            std::string::npos)
      << scrape;
}

}  // namespace
}  // namespace rubus::io
