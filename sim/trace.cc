#include "sim/trace.h"

#include "engine/base/text_number.h"

namespace rubus::sim {

void Trace::add(Instant at, std::uint64_t step, std::string_view what) {
  if (!is_on) {
    return;
  }
  std::string line = number_text(static_cast<std::uint64_t>(at.nanoseconds / 1000));
  line.insert(0, line.size() < 12 ? 12 - line.size() : 0, ' ');
  line += " us  step " + number_text(step);
  line.append(line.size() < 30 ? 30 - line.size() : 1, ' ');
  line += what;
  lines_.push_back(std::move(line));
  if (lines_.size() > lines_max) {
    lines_.pop_front();
  }
}

std::string Trace::last(std::size_t count) const {
  std::string text;
  for (std::size_t at = lines_.size() - std::min(count, lines_.size()); at < lines_.size(); ++at) {
    text += lines_[at] + "\n";
  }
  return text;
}

}  // namespace rubus::sim
