#include "sim/check/delivery.h"

#include <algorithm>

#include "engine/base/text_number.h"
#include "engine/seam/describe.h"

namespace rubus::sim {

namespace {

constexpr std::size_t mark_bytes_max = 24;

std::string key_of(Serial serial, std::string_view sid, std::string_view id) {
  std::string key = number_text(serial) + "/";
  return key.append(sid).append("/").append(id);
}

bool fits(const ExpectedFrame& expected, const Frame& frame) {
  if (expected.is_prefix) {
    return frame.raw.starts_with(expected.any_of.front());
  }
  return std::find(expected.any_of.begin(), expected.any_of.end(), frame.raw) !=
         expected.any_of.end();
}

std::string shown(std::string_view bytes) {
  std::string text;
  describe_bytes(bytes, text);
  return text;
}

}  // namespace

std::string_view mark_of(std::string_view payload) {
  const std::size_t end = payload.substr(0, mark_bytes_max).find(';');
  if (payload.empty() || payload.front() != 'm' || end == std::string_view::npos) {
    return {};
  }
  return payload.substr(0, end + 1);
}

DeliveryCheck::DeliveryCheck(const Scenario& scenario) : scenario_(scenario), model_(scenario) {
  model_.is_observed = [this](Serial serial, std::string_view sid, std::string_view id) {
    return observed_.contains(key_of(serial, sid, id));
  };
  model_.is_closed_now = [this](Serial serial) {
    const ModelSession* session = model_.find(serial);
    return closed_now_.contains(serial) || (session != nullptr && session->may_close);
  };
  model_.waiting_before = [this](Serial serial) {
    const auto found = waiting_before_.find(serial);
    return found == waiting_before_.end() ? 0 : found->second;
  };
  model_.is_cut_now = [this](Serial serial) { return cut_now_.contains(serial); };
}

void DeliveryCheck::violate(Serial serial, const std::string& what) {
  violations_.push_back("client " + number_text(clients_[serial]) + " (connection " +
                        number_text(serial) + "): " + what);
}

bool DeliveryCheck::is_open(Serial serial) {
  const ModelSession* session = model_.find(serial);
  return session != nullptr && session->is_open;
}

void DeliveryCheck::on_crash() {
  model_.on_crash();
  closed_now_.clear();
  observed_.clear();
}

void DeliveryCheck::read_fresh(StepReport& report) {
  observed_.clear();
  for (auto& [serial, bytes] : report.fresh) {
    Stream& stream = streams_[serial];
    stream.reader.feed(bytes);
    Frame frame;
    while (stream.reader.next(frame)) {
      stream.digest.add(frame.raw);
      stream.digests.push_back(stream.digest.value());
      ++counts_.frames;
      if (frame.kind == FrameKind::message) {
        ++counts_.messages;
        observed_.insert(key_of(serial, frame.sid, mark_of(frame.payload())));
      }
      stream.frames.push_back(std::move(frame));
    }
    if (!stream.reader.violation().empty()) {
      violate(serial, stream.reader.violation());
    } else if (!stream.reader.is_between_frames()) {
      violate(serial, "half a frame waits at the end of a step");
    }
  }
}

void DeliveryCheck::on_step(StepReport& report,
                            std::map<Serial, std::unique_ptr<SimConnection>>& connections) {
  read_fresh(report);
  waiting_before_ = std::move(report.waiting_before);
  closed_now_.clear();
  for (const ServerClose& close : report.closes) {
    closed_now_.insert(close.serial);
  }
  cut_now_ = closed_now_;
  closed_now_.insert(report.gone.begin(), report.gone.end());
  for (const Happening& happening : report.happenings) {
    apply(happening, report, connections);
  }
  for (const std::string& what : model_.violations()) {
    violations_.push_back(what);
  }
  model_.violations().clear();
  for (auto& [serial, bytes] : report.fresh) {
    Stream& stream = streams_[serial];
    for (const Frame& frame : stream.frames) {
      match(serial, frame, report.now);
    }
    stream.frames.clear();
  }
  for (const ServerClose& close : report.closes) {
    judge_close(close, report.now);
  }
  for (auto& [serial, session] : model_.sessions()) {
    if (session.must_close) {
      violate(serial, "the server keeps a connection that it has to close");
      session.must_close = false;
    }
  }
}

void DeliveryCheck::apply(const Happening& happening, StepReport& report,
                          std::map<Serial, std::unique_ptr<SimConnection>>& connections) {
  switch (happening.kind) {
    case HappeningKind::opened:
      model_.on_opened(happening.serial, clients_[happening.serial], report.now);
      break;
    case HappeningKind::closed:
      model_.on_closed(happening.serial);
      break;
    case HappeningKind::job:
      model_.on_login_answered(happening.serial, happening.is_accepted, report.now);
      if (const ModelSession* session = model_.find(happening.serial);
          session != nullptr && session->is_open && session->is_login_pending) {
        report.logins.push_back(happening.serial);  // a CONNECT that was held asks again
      }
      if (const auto found = connections.find(happening.serial); found != connections.end()) {
        note_begun(*found->second);
      }
      break;
    case HappeningKind::bytes:
      apply_bytes(happening, report, *connections.at(happening.serial));
      break;
  }
}

void DeliveryCheck::note_begun(const SimConnection& connection) {
  if (!connection.operations.empty() &&
      connection.handed_in > connection.operations.front().begin) {
    model_.on_begun(connection.serial, connection.operations.front());
  }
}

void DeliveryCheck::apply_bytes(const Happening& happening, StepReport& report,
                                SimConnection& connection) {
  connection.handed_in += happening.bytes;
  while (!connection.operations.empty()) {
    note_begun(connection);
    const ClientOperation& operation = connection.operations.front();
    if (connection.handed_in < operation.end) {
      break;
    }
    ++counts_.operations;
    if (operation.is_pong) {
      streams_[happening.serial].pings_owed = 0;
    }
    const ModelSession* session = model_.find(happening.serial);
    const bool was_pending = session != nullptr && session->is_login_pending;
    model_.on_operation(happening.serial, operation, report.now);
    if (session != nullptr && session->is_login_pending && !was_pending) {
      report.logins.push_back(happening.serial);
    }
    connection.operations.pop_front();
  }
}

bool DeliveryCheck::take_expected(ModelSession& session, const Frame& frame) {
  for (auto& [cause, items] : session.expected) {
    for (std::size_t at = 0; at < items.size(); ++at) {
      ExpectedItem& item = items[at];
      const auto found =
          std::find_if(item.frames.begin(), item.frames.end(),
                       [&frame](const ExpectedFrame& one) { return fits(one, frame); });
      if (found != item.frames.end()) {
        session.expected_bytes -= std::min<std::uint64_t>(session.expected_bytes, frame.raw.size());
        item.frames.erase(found);
        if (item.frames.empty()) {
          items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        }
        return true;
      }
      if (!item.is_optional) {
        break;
      }
    }
  }
  return false;
}

// What the server may say of its own accord.
bool DeliveryCheck::is_unsolicited(ModelSession& session, Stream& stream, const Frame& frame,
                                   Instant now) {
  if (frame.kind == FrameKind::ping) {
    ++stream.pings_owed;
    return stream.pings_owed <= static_cast<std::uint32_t>(scenario_.knobs.ping_max);
  }
  if (frame.kind != FrameKind::error) {
    return false;
  }
  if (frame.text == "Stale Connection") {
    stream.has_stale_error = true;
    return stream.pings_owed >= static_cast<std::uint32_t>(scenario_.knobs.ping_max);
  }
  if (frame.text == "Authentication Timeout") {
    stream.has_timeout_error = true;
    return model_.needs_login() && !session.is_logged_in &&
           now - session.opened_at >= milliseconds(scenario_.knobs.auth_timeout_ms);
  }
  if (frame.text == "Invalid Publish Subject" && session.is_odd_begun && !session.is_odd_told) {
    session.is_odd_told = true;
    return true;
  }
  // The answer to something malformed may come before its last byte.
  return session.may_close;
}

void DeliveryCheck::match(Serial serial, const Frame& frame, Instant now) {
  ModelSession* session = model_.find(serial);
  Stream& stream = streams_[serial];
  if (session == nullptr) {
    return violate(serial, "bytes for a connection that the server does not know");
  }
  if (frame.kind == FrameKind::message) {
    stream.seen.insert(key_of(0, frame.sid, mark_of(frame.payload())));
  }
  if (!take_expected(*session, frame) && !is_unsolicited(*session, stream, frame, now)) {
    name_misfit(*session, stream, frame);
  }
}

void DeliveryCheck::name_misfit(ModelSession& session, Stream& /*stream*/, const Frame& frame) {
  const std::string_view mark = mark_of(frame.payload());
  const std::string what = frame.kind == FrameKind::message && !mark.empty()
                               ? "message " + std::string(mark) + " for sid " + frame.sid
                               : shown(frame.raw);
  for (const auto& [cause, items] : session.expected) {
    for (const ExpectedItem& item : items) {
      for (const ExpectedFrame& expected : item.frames) {
        if (fits(expected, frame)) {
          return violate(session.serial, what + " came out of order: " + items.front().name +
                                             " of the same source is missing before it");
        }
        if (item.name == mark && frame.kind == FrameKind::message) {
          return violate(session.serial, what + " is changed: expected " +
                                             shown(expected.any_of.front()) + ", got " +
                                             shown(frame.raw));
        }
      }
    }
  }
  if (frame.kind == FrameKind::message && !mark.empty()) {
    return violate(session.serial,
                   what + " was delivered twice or to somebody who must not get it");
  }
  std::string owed;
  for (const auto& [cause, items] : session.expected) {
    if (!items.empty()) {
      owed += " " + items.front().name;
    }
  }
  violate(session.serial, what + " was not expected" + (owed.empty() ? "" : "; owed is:" + owed));
}

void DeliveryCheck::judge_close(const ServerClose& close, Instant now) {
  ModelSession* session = model_.find(close.serial);
  Stream& stream = streams_[close.serial];
  ++counts_.closes;
  if (session == nullptr) {
    return;
  }
  const Knobs& knobs = scenario_.knobs;
  const std::uint64_t most = static_cast<std::uint64_t>(knobs.max_pending);
  const bool has_reason =
      session->must_close || session->may_close || stream.has_stale_error ||
      stream.has_timeout_error || close.waiting_bytes + session->expected_bytes > most ||
      close.blocked >= milliseconds(knobs.write_deadline_ms) || !session->is_open;
  if (!has_reason) {
    violate(close.serial, "the server closed a healthy connection at " +
                              number_text(static_cast<std::uint64_t>(now.nanoseconds / 1000)) +
                              " us");
  }
  if (session->must_close) {
    for (const auto& [cause, items] : session->expected) {
      for (const ExpectedItem& item : items) {
        if (cause == close.serial && item.name.starts_with("-ERR")) {
          violate(close.serial, "closed without saying " + item.name);
        }
      }
    }
  }
  session->must_close = false;
  model_.on_closed(close.serial);
}

void DeliveryCheck::check_nothing_owed() {
  for (auto& [serial, session] : model_.sessions()) {
    if (!session.is_open || session.may_close) {
      continue;
    }
    for (const auto& [cause, items] : session.expected) {
      for (const ExpectedItem& item : items) {
        if (!item.is_optional) {
          violate(serial, item.name + " was never delivered");
          break;
        }
      }
    }
  }
}

void DeliveryCheck::check_received(Serial serial, std::uint64_t frames, std::uint64_t digest,
                                   bool is_all) {
  const Stream& stream = streams_[serial];
  if (frames > stream.digests.size() || (is_all && frames != stream.digests.size())) {
    return violate(serial, "the client has read " + number_text(frames) + " frames of " +
                               number_text(stream.digests.size()));
  }
  if (frames > 0 && stream.digests[frames - 1] != digest) {
    violate(serial, "the client has read other frames than left the server");
  }
}

}  // namespace rubus::sim
