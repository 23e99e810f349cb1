// RewrittenPublish: a message on its way under another subject, with another reply or with another
// header block.
//
// Owns what it changed and borrows the rest, so it must not outlive the message it was made from.
// Invariant: command() is a whole publish at any time, its parts agreeing with each other.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/block.h"
#include "engine/client/client_parser.h"

namespace rubus {

class RewrittenPublish {
 public:
  explicit RewrittenPublish(const PublishCommand& original) : command_(original) {
    command_.same_subject = false;
  }
  RewrittenPublish(const RewrittenPublish&) = delete;
  RewrittenPublish& operator=(const RewrittenPublish&) = delete;

  void set_subject(std::string subject) {
    subject_ = std::move(subject);
    command_.subject = subject_;
  }
  void set_reply(std::string reply);
  // The payload is copied behind the new block.
  void set_headers(BlockPool& pool, std::string_view block);

  const PublishCommand& command() const { return command_; }
  // The block as it is now; empty without headers.
  std::string_view headers() const { return command_.body.substr(0, command_.header_size); }

 private:
  void write_tail();

  PublishCommand command_;
  std::string subject_;
  std::string reply_;
  std::string tail_;
  Slice bytes_;
};

}  // namespace rubus
