// LogSink: one line of log text → stderr, a file or syslog, in the format operators' tools know:
//   [<pid>] YYYY/MM/DD HH:MM:SS.uuuuuu [INF] text
//
// Files rotate when they would pass size_limit: the full one is renamed to
// file.YYYY.MM.DD.hh.mm.ss.nnnnnnnnn and, with files_max, the oldest are removed so that backups
// and the live file together are at most files_max. reopen() serves external rotation (SIGUSR1).
// Colours appear on a terminal only. Writing is synchronous: lines are rare unless tracing is on.
// A line that cannot be written is dropped; logging never stops the server. Several threads may
// write.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/seam/output.h"
#include "io/server_config.h"

namespace rubus::io {

class SyslogTarget;

class LogSink {
 public:
  LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;
  ~LogSink();

  // Switches to `target`; on failure keeps the old one and says why. May look up the name of a
  // remote syslog and waits for it; lines of other threads go to the old target until then.
  [[nodiscard]] std::optional<std::string> open(const LogTarget& target);

  void write(LogLevel level, std::string_view text);
  void info(std::string_view text) { write(LogLevel::info, text); }
  void warning(std::string_view text) { write(LogLevel::warning, text); }
  void error(std::string_view text) { write(LogLevel::error, text); }
  void fatal(std::string_view text) { write(LogLevel::fatal, text); }

  // Closes and opens the file again under its name.
  void reopen();

 private:
  void append_prefix(LogLevel level);
  void append_time();
  void write_line();
  void rotate();
  void purge_backups();

  // Recursive: rotating writes lines of its own. Guards all below.
  std::recursive_mutex mutex_;
  LogTarget target_;
  std::string line_;  // reused
  std::string date_;  // text of second_
  std::time_t second_ = -1;
  pid_t pid_;
  int descriptor_;  // stderr or the file
  std::int64_t file_bytes_ = 0;
  bool colours_ = false;
  bool rotating_ = false;
  std::unique_ptr<SyslogTarget> syslog_;
};

}  // namespace rubus::io
