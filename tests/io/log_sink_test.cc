// Goal: log lines look as nats-server's do, and rotation loses none and keeps what it should.
#include "io/log_sink.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <regex>
#include <set>
#include <sstream>

#include "tests/io/held_look_up.h"

namespace rubus::io {
namespace {

class LogSinkTest : public ::testing::Test {
 protected:
  LogSinkTest() {
    std::string pattern = ::testing::TempDir() + "rubus_log_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LogSinkTest() override {
    for (const std::string& name : files()) {
      ::unlink((folder_ + "/" + name).c_str());
    }
    ::rmdir(folder_.c_str());
  }

  std::string path() const { return folder_ + "/server.log"; }
  std::set<std::string> files() const {
    std::set<std::string> names;
    DIR* const directory = ::opendir(folder_.c_str());
    while (const dirent* entry = ::readdir(directory)) {
      if (entry->d_name[0] != '.') {
        names.insert(entry->d_name);
      }
    }
    ::closedir(directory);
    return names;
  }
  std::string text(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }

  std::string folder_;
};

TEST_F(LogSinkTest, a_line_has_pid_time_label_and_text) {
  LogSink log;
  LogTarget target;
  target.file = path();
  ASSERT_EQ(log.open(target), std::nullopt);
  log.info("Server is ready");
  log.write(LogLevel::trace, "<<- [PING]");
  const std::regex shape(
      "\\[\\d+\\] \\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6} \\[INF\\] Server is ready\n"
      "\\[\\d+\\] \\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6} \\[TRC\\] <<- \\[PING\\]\n");
  EXPECT_TRUE(std::regex_match(text("server.log"), shape)) << text("server.log");
}

TEST_F(LogSinkTest, the_time_can_be_left_out) {
  LogSink log;
  LogTarget target;
  target.file = path();
  target.timestamps = false;
  ASSERT_EQ(log.open(target), std::nullopt);
  log.warning("careful");
  EXPECT_EQ(text("server.log"), "[" + std::to_string(::getpid()) + "] [WRN] careful\n");
}

TEST_F(LogSinkTest, a_file_that_cannot_be_opened_leaves_the_old_target_in_force) {
  LogSink log;
  LogTarget target;
  target.file = path();
  ASSERT_EQ(log.open(target), std::nullopt);
  LogTarget bad;
  bad.file = folder_ + "/missing/server.log";
  EXPECT_NE(log.open(bad), std::nullopt);
  log.info("still here");
  EXPECT_NE(text("server.log").find("still here"), std::string::npos);
}

TEST_F(LogSinkTest, a_look_up_for_a_new_target_holds_no_line_back) {
  LogSink log;
  LogTarget target;
  target.file = path();
  ASSERT_EQ(log.open(target), std::nullopt);
  LogTarget remote;
  remote.remote_syslog = std::string("udp://") + HeldLookUp::name + ":514";
  std::future<std::optional<std::string>> opened;
  std::future<void> written;
  {
    HeldLookUp held;
    opened = std::async(std::launch::async, [&] { return log.open(remote); });
    ASSERT_TRUE(held.wait_until_asked());
    written = std::async(std::launch::async, [&] { log.info("not held back"); });
    EXPECT_EQ(written.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }
  EXPECT_NE(opened.get(), std::nullopt) << "there is no such host";
  EXPECT_NE(text("server.log").find("not held back"), std::string::npos);
}

TEST_F(LogSinkTest, reopening_follows_a_file_that_was_moved_away) {
  LogSink log;
  LogTarget target;
  target.file = path();
  ASSERT_EQ(log.open(target), std::nullopt);
  log.info("one");
  ASSERT_EQ(::rename(path().c_str(), (folder_ + "/moved").c_str()), 0);
  log.info("two");
  log.reopen();
  log.info("three");
  EXPECT_NE(text("moved").find("two"), std::string::npos);
  EXPECT_EQ(text("server.log").find("two"), std::string::npos);
  EXPECT_NE(text("server.log").find("three"), std::string::npos);
}

TEST_F(LogSinkTest, rotation_names_backups_by_time_and_loses_no_line) {
  LogSink log;
  LogTarget target;
  target.file = path();
  target.size_limit = 1000;
  ASSERT_EQ(log.open(target), std::nullopt);
  constexpr int lines = 100;
  for (int i = 0; i < lines; ++i) {
    log.info("line number " + std::to_string(i) + " end");
  }
  const std::regex shape("server\\.log(\\.\\d{4}(\\.\\d\\d){5}\\.\\d{9})?");
  std::string all;
  for (const std::string& name : files()) {
    EXPECT_TRUE(std::regex_match(name, shape)) << name;
    all += text(name);
  }
  EXPECT_GT(files().size(), 5U);
  for (int i = 0; i < lines; ++i) {
    EXPECT_NE(all.find("line number " + std::to_string(i) + " end"), std::string::npos) << i;
  }
  EXPECT_NE(all.find("Rotated log, backup saved as"), std::string::npos);
}

TEST_F(LogSinkTest, the_oldest_backups_go_and_strangers_stay) {
  std::ofstream(folder_ + "/server.log.bak") << "not ours";
  LogSink log;
  LogTarget target;
  target.file = path();
  target.size_limit = 500;
  target.files_max = 3;
  ASSERT_EQ(log.open(target), std::nullopt);
  for (int i = 0; i < 100; ++i) {
    log.info("line number " + std::to_string(i));
  }
  const std::set<std::string> names = files();
  EXPECT_EQ(names.size(), 4U) << "the live file, two backups, one stranger";
  EXPECT_TRUE(names.count("server.log.bak") == 1);
  EXPECT_NE(text("server.log").find("Purged log file"), std::string::npos);
}

}  // namespace
}  // namespace rubus::io
