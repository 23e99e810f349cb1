// Runs a target over files, without libFuzzer and with any compiler: the corpus as a regression
// test.
//
// Arguments are files and folders. Each file runs whole and cut short at a few places, because a
// truncated input is the commonest one and costs nothing to ask. No file at all is a failure: an
// empty corpus would pass for ever. The file in work is named before it runs, so that a crash says
// which one it was.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.h"

namespace {

std::vector<std::string> files_of(int count, char** values) {
  std::vector<std::string> files;
  for (int at = 1; at < count; ++at) {
    if (!std::filesystem::is_directory(values[at])) {
      files.emplace_back(values[at]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(values[at])) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path().string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> files = files_of(count, values);
  std::size_t runs = 0;
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.is_open() || stream.bad()) {
      std::fprintf(stderr, "cannot read %s\n", file.c_str());
      return 1;
    }
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    constexpr std::size_t parts = 4;
    for (std::size_t part = 0; part <= parts; ++part, ++runs) {
      rubus::fuzz::run_target(std::string_view(bytes).substr(0, bytes.size() * part / parts));
    }
  }
  std::printf("%zu files, %zu runs\n", files.size(), runs);
  return files.empty() ? 1 : 0;
}
