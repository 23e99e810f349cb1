// SiblingPipe: bytes from one shard to another of the same process, one direction, one writer
// thread, one reader thread. What a socket's send buffer is to a connection, this is to a sibling:
// bytes count as sent once they are in it, and bytes_max of them can wait, which is the
// back-pressure between shards.
//
// LoopBell: wakes a loop that sleeps in its io_context. ring() costs a system call only if the loop
// dozes; who is about to doze says so first and then looks once more for work, so no ring is lost:
//
//   writer: publish bytes, then look whether the reader dozes
//   reader: say that it dozes, then look whether bytes were published
//
// Both pairs are sequentially consistent, so at least one of the two sees the other.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <sys/uio.h>

namespace rubus::io {

class LoopBell {
 public:
  // Throws boost::system::system_error if the process is out of descriptors.
  explicit LoopBell(boost::asio::io_context& context);
  LoopBell(const LoopBell&) = delete;
  LoopBell& operator=(const LoopBell&) = delete;

  // Of the loop's own thread.
  void doze() { is_dozing_.store(true); }
  void wake() { is_dozing_.store(false); }
  // Of any thread.
  void ring();

 private:
  void wait();

  boost::asio::posix::stream_descriptor descriptor_;
  std::atomic<bool> is_dozing_ = false;
};

class SiblingPipe {
 public:
  static constexpr std::size_t bytes_max = std::size_t{1} << 20U;

  // Both bells outlive the pipe.
  SiblingPipe(LoopBell& writer, LoopBell& reader);

  // ---- of the writer's thread
  // How many bytes of the pieces were taken, in order. Fewer than all: the writer's bell rings once
  // there is room again.
  std::size_t write(std::span<const iovec> pieces);
  bool has_room() const { return written_.load() - read_.load() < bytes_max; }
  void close();

  // ---- of the reader's thread
  std::size_t readable() const { return written_.load() - read_.load(); }
  // As many bytes as there are, at most `size`.
  std::size_t read(char* place, std::size_t size);
  // Nothing follows what is readable.
  bool is_closed() const { return is_closed_.load(); }

 private:
  void put(std::size_t position, const char* bytes, std::size_t size);

  LoopBell& writer_bell_;
  LoopBell& reader_bell_;
  std::unique_ptr<char[]> bytes_;  // a ring; position p is at p % bytes_max
  // Apart, so that writer and reader do not share a cache line. Both only grow.
  alignas(64) std::atomic<std::size_t> written_ = 0;
  alignas(64) std::atomic<std::size_t> read_ = 0;
  alignas(64) std::atomic<bool> writer_waits_ = false;
  std::atomic<bool> is_closed_ = false;
};

}  // namespace rubus::io
