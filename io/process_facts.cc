#include "io/process_facts.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <string_view>

#include "io/clock_source.h"

namespace rubus::io {

namespace {

// Field `index` of /proc/self/stat, counted from 1 as in proc(5). The second field may contain
// blanks, so counting starts behind its closing bracket.
std::uint64_t stat_field(std::string_view text, int index) {
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos || bracket + 2 > text.size()) {
    return 0;
  }
  text.remove_prefix(bracket + 2);  // now at field 3
  for (int i = 3; i < index; ++i) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) {
      return 0;
    }
    text.remove_prefix(blank + 1);
  }
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t cpu_nanoseconds_so_far() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec;
}

}  // namespace

ProcessFactsReader::ProcessFactsReader()
    : read_at_(now_monotonic()), cpu_nanoseconds_(cpu_nanoseconds_so_far()) {}

ProcessFacts ProcessFactsReader::read() {
  constexpr int threads_field = 20;
  constexpr int resident_pages_field = 24;
  ProcessFacts facts;
  std::array<char, 1024> bytes{};
  const int file = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    const ssize_t size = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    const std::string_view text(bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    facts.threads = static_cast<std::uint32_t>(stat_field(text, threads_field));
    facts.resident_bytes = stat_field(text, resident_pages_field) *
                           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  facts.cores = static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  const Instant now = now_monotonic();
  const std::int64_t cpu = cpu_nanoseconds_so_far();
  const std::int64_t elapsed = now.nanoseconds - read_at_.nanoseconds;
  if (elapsed > 0) {
    // Hundredths of a percent, without overflow for centuries of CPU time.
    facts.cpu_percent_hundredths =
        static_cast<std::uint64_t>((cpu - cpu_nanoseconds_) / (elapsed / 10'000 + 1));
  }
  read_at_ = now;
  cpu_nanoseconds_ = cpu;
  return facts;
}

}  // namespace rubus::io
