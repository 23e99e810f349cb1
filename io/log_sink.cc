#include "io/log_sink.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "io/config_text.h"
#include "io/log_syslog.h"

namespace rubus::io {

namespace {

struct Label {
  const char* plain;
  const char* coloured;
};

Label label_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return {"[INF] ", "[\x1b[32mINF\x1b[0m] "};
    case LogLevel::debug:
      return {"[DBG] ", "[\x1b[36mDBG\x1b[0m] "};
    case LogLevel::warning:
      return {"[WRN] ", "[\x1b[0;93mWRN\x1b[0m] "};
    case LogLevel::error:
      return {"[ERR] ", "[\x1b[31mERR\x1b[0m] "};
    case LogLevel::fatal:
      return {"[FTL] ", "[\x1b[31mFTL\x1b[0m] "};
    case LogLevel::trace:
      return {"[TRC] ", "[\x1b[33mTRC\x1b[0m] "};
  }
  ensure(false, "a log level is one of the six");
  return {};
}

int open_file(const std::string& name) {
  return ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

std::int64_t size_of(int descriptor) {
  struct stat facts {};
  return ::fstat(descriptor, &facts) == 0 ? facts.st_size : 0;
}

// "2026.11.23.06.31.31.950942000": nothing but digits at the right places.
bool is_backup_stamp(std::string_view stamp) {
  constexpr std::string_view shape = "dddd.dd.dd.dd.dd.dd.ddddddddd";
  if (stamp.size() != shape.size()) {
    return false;
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = stamp[i] >= '0' && stamp[i] <= '9';
    if (shape[i] == 'd' ? !digit : stamp[i] != '.') {
      return false;
    }
  }
  return true;
}

}  // namespace

LogSink::LogSink() : pid_(::getpid()), descriptor_(STDERR_FILENO) {
  colours_ = ::isatty(STDERR_FILENO) == 1;
}

LogSink::~LogSink() {
  if (descriptor_ != STDERR_FILENO) {
    ::close(descriptor_);
  }
}

std::optional<std::string> LogSink::open(const LogTarget& target) {
  // Before the lock: a name may take the name servers long, and every shard logs meanwhile.
  int descriptor = STDERR_FILENO;
  std::unique_ptr<SyslogTarget> syslog;
  if (target.syslog || !target.remote_syslog.empty()) {
    std::string problem;
    syslog = SyslogTarget::open(target.remote_syslog, problem);
    if (syslog == nullptr) {
      return problem;
    }
  } else if (!target.file.empty()) {
    descriptor = open_file(target.file);
    if (descriptor < 0) {
      return "error opening file: open " + target.file + ": " + lower_case(std::strerror(errno));
    }
  }
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  if (descriptor_ != STDERR_FILENO) {
    ::close(descriptor_);
  }
  descriptor_ = descriptor;
  file_bytes_ = descriptor == STDERR_FILENO ? 0 : size_of(descriptor);
  colours_ = descriptor == STDERR_FILENO && ::isatty(STDERR_FILENO) == 1;
  syslog_ = std::move(syslog);
  target_ = target;
  second_ = -1;
  return std::nullopt;
}

void LogSink::reopen() {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  if (descriptor_ == STDERR_FILENO) {
    return;
  }
  const int descriptor = open_file(target_.file);
  if (descriptor < 0) {
    error("Failed to reopen log file: " + std::string(std::strerror(errno)));
    return;
  }
  ::close(descriptor_);
  descriptor_ = descriptor;
  file_bytes_ = size_of(descriptor);
}

void LogSink::append_time() {
  timespec at{};
  ::clock_gettime(CLOCK_REALTIME, &at);
  if (at.tv_sec != second_) {
    std::tm parts{};
    if (target_.utc) {
      ::gmtime_r(&at.tv_sec, &parts);
    } else {
      ::localtime_r(&at.tv_sec, &parts);
    }
    char text[64];
    date_.assign(text, std::strftime(text, sizeof text, "%Y/%m/%d %H:%M:%S", &parts));
    second_ = at.tv_sec;
  }
  char microseconds_text[32];
  std::snprintf(microseconds_text, sizeof microseconds_text, ".%06ld ", at.tv_nsec / 1000);
  line_ += date_;
  line_ += microseconds_text;
}

void LogSink::append_prefix(LogLevel level) {
  line_ += '[';
  append_number(line_, std::int64_t{pid_});
  line_ += "] ";
  if (target_.timestamps) {
    append_time();
  }
  line_ += colours_ ? label_of(level).coloured : label_of(level).plain;
}

void LogSink::write(LogLevel level, std::string_view text) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  if (syslog_ != nullptr) {
    syslog_->write(level, text);
    return;
  }
  line_.clear();
  append_prefix(level);
  line_ += text;
  line_ += '\n';
  write_line();
}

void LogSink::write_line() {
  const char* place = line_.data();
  std::size_t left = line_.size();
  while (left > 0) {
    const ssize_t written = ::write(descriptor_, place, left);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return;  // a full disk or a closed pipe; the line is lost
    }
    place += written;
    left -= static_cast<std::size_t>(written);
  }
  if (descriptor_ == STDERR_FILENO) {
    return;
  }
  file_bytes_ += static_cast<std::int64_t>(line_.size());
  if (target_.size_limit > 0 && file_bytes_ > target_.size_limit && !rotating_) {
    rotate();
  }
}

void LogSink::rotate() {
  timespec at{};
  ::clock_gettime(CLOCK_REALTIME, &at);
  std::tm parts{};
  ::localtime_r(&at.tv_sec, &parts);
  char stamp[64];
  std::size_t size = std::strftime(stamp, sizeof stamp, "%Y.%m.%d.%H.%M.%S", &parts);
  std::snprintf(stamp + size, sizeof stamp - size, ".%09ld", at.tv_nsec);
  const std::string backup = target_.file + "." + stamp;

  rotating_ = true;  // the lines written below must not rotate again
  if (::rename(target_.file.c_str(), backup.c_str()) != 0) {
    error("Unable to rotate log file " + backup + " (" + std::strerror(errno) +
          "), will attempt next rotation at size " +
          number_text(static_cast<std::uint64_t>(file_bytes_ + target_.size_limit)));
    file_bytes_ = 0;
    rotating_ = false;
    return;
  }
  const int descriptor = open_file(target_.file);
  if (descriptor >= 0) {  // else the renamed file goes on receiving the lines
    ::close(descriptor_);
    descriptor_ = descriptor;
  }
  file_bytes_ = 0;
  info("Rotated log, backup saved as \"" + backup + "\"");
  if (target_.files_max > 0) {
    purge_backups();
  }
  rotating_ = false;
}

void LogSink::purge_backups() {
  const std::size_t slash = target_.file.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : target_.file.substr(0, slash + 1);
  const std::string base =
      (slash == std::string::npos ? target_.file : target_.file.substr(slash + 1)) + ".";
  std::vector<std::string> backups;
  if (DIR* directory = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name.starts_with(base) && is_backup_stamp(name.substr(base.size()))) {
        backups.emplace_back(name);
      }
    }
    ::closedir(directory);
  }
  const auto kept_max = static_cast<std::size_t>(target_.files_max - 1);
  if (backups.size() <= kept_max) {
    return;
  }
  std::sort(backups.begin(), backups.end());  // stamps sort by age
  for (std::size_t i = 0; i < backups.size() - kept_max; ++i) {
    const std::string path = folder + "/" + backups[i];
    if (::unlink(path.c_str()) == 0) {
      info("Purged log file \"" + backups[i] + "\"");
    } else {
      error("Unable to remove backup log file " + backups[i] + ", " + std::strerror(errno));
    }
  }
}

}  // namespace rubus::io
