#include "bench/machine.h"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

namespace rubus::load {

namespace {

// x86-64 names its processor in /proc/cpuinfo, a Raspberry Pi its board in the device tree.
std::string processor_name() {
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line);) {
    if (line.compare(0, 10, "model name") == 0) {
      const std::size_t colon = line.find(": ");
      return colon == std::string::npos ? line : line.substr(colon + 2);
    }
  }
  std::ifstream board("/proc/device-tree/model");
  std::string name;
  std::getline(board, name, '\0');
  return name.empty() ? "processor unknown" : name;
}

std::string load_average() {
  std::array<double, 1> load{};
  if (::getloadavg(load.data(), 1) != 1) {
    return "unknown";
  }
  return std::to_string(static_cast<long>(load[0] * 100.0)) + " %";
}

}  // namespace

std::string machine_line() {
  utsname kernel{};
  ::uname(&kernel);
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long mebibytes = pages / 1024 * (::sysconf(_SC_PAGESIZE) / 1024);
  return std::string(kernel.sysname) + " " + kernel.release + " " + kernel.machine + ", " +
         processor_name() + ", " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " cores, " +
         std::to_string(mebibytes) + " MiB, load average at the end " + load_average();
}

std::string date_line() {
  const time_t now = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t length = ::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return std::string(text.data(), length);
}

}  // namespace rubus::load
