#include "sim/canary.h"

#include "sim/server_frames.h"

namespace rubus::sim {

void Canary::change(Serial serial, std::string& fresh) {
  if (kind_ == CanaryKind::none || (has_sung_ && kept_.empty())) {
    return;
  }
  ServerFrames reader;
  reader.feed(fresh);
  std::string changed;
  Frame frame;
  while (reader.next(frame)) {
    const bool is_message = frame.kind == FrameKind::message;
    if (is_message && !kept_.empty() && (kind_ == CanaryKind::swap) == (serial == kept_of_)) {
      changed += frame.raw + kept_;
      kept_.clear();
      continue;
    }
    if (!is_message || has_sung_ || ++messages_ < nth_) {
      changed += frame.raw;
      continue;
    }
    has_sung_ = true;
    switch (kind_) {
      case CanaryKind::none:
      case CanaryKind::drop:
        break;
      case CanaryKind::duplicate:
        changed += frame.raw + frame.raw;
        break;
      case CanaryKind::corrupt:
        frame.raw[frame.raw.size() - 3] = static_cast<char>(frame.raw[frame.raw.size() - 3] ^ 1);
        changed += frame.raw;
        break;
      case CanaryKind::swap:
      case CanaryKind::misdirect:
        kept_ = frame.raw;
        kept_of_ = serial;
        break;
    }
  }
  fresh = changed;
}

}  // namespace rubus::sim
