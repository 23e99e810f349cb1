#include "tests/transcripts/transcript_player.h"

#include <map>
#include <set>
#include <utility>

#include "tests/transcripts/nkey_pair.h"
#include "tests/transcripts/transcript_match.h"

namespace rubus::transcript {
namespace {

using std::chrono::milliseconds;

// The others happen to the server, or before the connection exists.
bool is_about_a_connection(ActionKind kind) {
  switch (kind) {
    case ActionKind::tls:
    case ActionKind::tls_refused:
    case ActionKind::bytewise:
    case ActionKind::quiet:
    case ActionKind::stop_reading:
    case ActionKind::read_to_end:
    case ActionKind::send_repeated:
      return true;
    case ActionKind::reload:
    case ActionKind::signal:
    case ActionKind::exits:
    case ActionKind::refused:
    case ActionKind::pass:
    case ActionKind::monitor:
      return false;
  }
  return false;
}

class Performance {
 public:
  Performance(const Stage& stage, const Patience& patience) : stage_(stage), patience_(patience) {}

  Problem perform(const Step& step);
  Problem finish();

 private:
  Problem on(const Say& say);
  Problem on(const Expect& expect);
  Problem on(const Action& action);
  Problem read_to_end(const Action& action);
  Problem nothing_arrives(milliseconds duration, std::optional<int> only);

  Problem ensure_open(int connection);
  void collect();
  Inbox& inbox(int connection) { return inboxes_.at(connection); }

  const Stage& stage_;
  const Patience& patience_;
  std::map<int, Inbox> inboxes_;  // by connection; an entry = it was opened
  std::set<int> bytewise_;
  Bindings bindings_;
};

void Performance::collect() {
  for (auto& [connection, inbox] : inboxes_) {
    inbox.add(stage_.take(connection));
    if (stage_.ended(connection))
      inbox.end();
  }
}

Problem Performance::ensure_open(int connection) {
  if (inboxes_.count(connection) != 0)
    return std::nullopt;
  if (Problem problem = stage_.open(connection))
    return problem;
  inboxes_.emplace(connection, Inbox(connection));
  return std::nullopt;
}

Problem Performance::on(const Say& say) {
  if (Problem problem = ensure_open(say.connection))
    return problem;
  const std::string nonce = bindings_.find(say.connection, "nonce").value_or("");
  std::string bytes = with_credentials(say.bytes, nonce);
  constexpr std::string_view reply = "{reply}";
  const std::string last_reply = bindings_.find(say.connection, "reply").value_or("");
  for (std::size_t at = bytes.find(reply); at != std::string::npos; at = bytes.find(reply, at)) {
    bytes.replace(at, reply.size(), last_reply);
  }
  if (bytewise_.erase(say.connection) == 0)
    return stage_.send(say.connection, bytes);
  for (const char byte : bytes) {
    if (Problem problem = stage_.send(say.connection, std::string_view(&byte, 1)))
      return problem;
  }
  return std::nullopt;
}

Problem Performance::on(const Expect& expect) {
  if (Problem problem = ensure_open(expect.connection))
    return problem;
  milliseconds left = patience_.answer;
  bool more = true;
  while (true) {
    collect();
    const Progress progress = inbox(expect.connection).match(expect, bindings_);
    if (progress == Progress::matched)
      return std::nullopt;
    if (progress == Progress::mismatched || !more)
      break;
    more = stage_.wait(left);
  }
  const Mismatch& mismatch = inbox(expect.connection).mismatch();
  return "connection " + std::to_string(expect.connection) +
         "\n  expected: " + shown(mismatch.expected) + "\n  received: " + shown(mismatch.received) +
         "\n  all that is unaccounted for: " + shown(inbox(expect.connection).all());
}

Problem Performance::nothing_arrives(milliseconds duration, std::optional<int> only) {
  milliseconds left = duration;
  do {
    collect();
    for (const auto& [connection, inbox] : inboxes_) {
      if (only && *only != connection)
        continue;
      if (const std::optional<std::string> found = inbox.first_unexpected()) {
        return "connection " + std::to_string(connection) +
               "\n  expected: [nothing]\n  received: " + shown(*found);
      }
    }
  } while (stage_.wait(left) || left > milliseconds(0));
  return std::nullopt;
}

Problem Performance::read_to_end(const Action& action) {
  if (Problem problem = stage_.act(action))
    return problem;
  milliseconds left = patience_.answer;
  Inbox& reader = inbox(action.connection);
  do {
    collect();
    if (reader.ended()) {
      const std::string all = reader.all();
      reader.forget();
      if (all.empty())
        return "the connection ended before anything was delivered";
      if (all.find("-ERR") == std::string::npos)
        return std::nullopt;
      return "an -ERR was sent to a consumer that is too slow to be told";
    }
  } while (stage_.wait(left));
  return "the connection did not end";
}

Problem Performance::on(const Action& action) {
  if (is_about_a_connection(action.kind)) {
    if (Problem problem = ensure_open(action.connection))
      return problem;
  }
  switch (action.kind) {
    case ActionKind::reload:
    case ActionKind::signal:
    case ActionKind::exits:
    case ActionKind::tls:
    case ActionKind::tls_refused:
    case ActionKind::refused:
    case ActionKind::stop_reading:
    case ActionKind::monitor:
      return stage_.act(action);
    case ActionKind::read_to_end:
      return read_to_end(action);
    case ActionKind::bytewise:
      bytewise_.insert(action.connection);
      return std::nullopt;
    case ActionKind::quiet:
      return nothing_arrives(action.duration, action.connection);
    case ActionKind::pass: {
      milliseconds left = action.duration;
      while (stage_.wait(left) || left > milliseconds(0)) {
      }
      return std::nullopt;
    }
    case ActionKind::send_repeated:
      for (std::size_t i = 0; i < action.count; ++i) {
        if (Problem problem = stage_.send(action.connection, action.argument))
          return problem;
      }
      return std::nullopt;
  }
  return "an action without a meaning";
}

Problem Performance::perform(const Step& step) {
  Problem problem = std::visit([this](const auto& what) { return on(what); }, step.what);
  if (!problem)
    return std::nullopt;
  return "line " + std::to_string(step.line) +
         (step.remark.empty() ? "" : " (" + step.remark + ")") + ": " + *problem;
}

Problem Performance::finish() {
  if (Problem problem = nothing_arrives(patience_.quiet, std::nullopt)) {
    return "after the last line: " + *problem;
  }
  return std::nullopt;
}

}  // namespace

Problem play(const Transcript& transcript, const Stage& stage, const Patience& patience) {
  Performance performance(stage, patience);
  for (const Step& step : transcript.steps) {
    if (Problem problem = performance.perform(step))
      return problem;
  }
  return performance.finish();
}

}  // namespace rubus::transcript
