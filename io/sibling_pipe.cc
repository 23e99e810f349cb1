#include "io/sibling_pipe.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace rubus::io {

LoopBell::LoopBell(boost::asio::io_context& context)
    : descriptor_(context, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  wait();
}

void LoopBell::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& cancelled) {
                           if (!cancelled) {
                             std::uint64_t rings = 0;
                             [[maybe_unused]] const ssize_t got =
                                 ::read(descriptor_.native_handle(), &rings, sizeof rings);
                             wait();
                           }
                         });
}

void LoopBell::ring() {
  if (is_dozing_.load() && is_dozing_.exchange(false)) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(descriptor_.native_handle(), &one, sizeof one);
  }
}

SiblingPipe::SiblingPipe(LoopBell& writer, LoopBell& reader)
    : writer_bell_(writer),
      reader_bell_(reader),
      // Not cleared: pages that no byte ever reached cost nothing.
      bytes_(std::make_unique_for_overwrite<char[]>(bytes_max)) {}

void SiblingPipe::put(std::size_t position, const char* bytes, std::size_t size) {
  const std::size_t place = position % bytes_max;
  const std::size_t first = std::min(size, bytes_max - place);
  std::memcpy(bytes_.get() + place, bytes, first);
  std::memcpy(bytes_.get(), bytes + first, size - first);
}

std::size_t SiblingPipe::write(std::span<const iovec> pieces) {
  const std::size_t begin = written_.load(std::memory_order_relaxed);
  std::size_t room = bytes_max - (begin - read_.load());
  std::size_t position = begin;
  bool is_all = true;
  for (const iovec& piece : pieces) {
    const std::size_t size = std::min(piece.iov_len, room);
    put(position, static_cast<const char*>(piece.iov_base), size);
    position += size;
    room -= size;
    if (size < piece.iov_len) {
      is_all = false;
      break;
    }
  }
  if (!is_all) {
    writer_waits_.store(true);
  }
  if (position != begin) {
    written_.store(position);
    reader_bell_.ring();
  }
  return position - begin;
}

void SiblingPipe::close() {
  is_closed_.store(true);
  reader_bell_.ring();
}

std::size_t SiblingPipe::read(char* place, std::size_t size) {
  const std::size_t begin = read_.load(std::memory_order_relaxed);
  const std::size_t count = std::min(size, written_.load() - begin);
  const std::size_t from = begin % bytes_max;
  const std::size_t first = std::min(count, bytes_max - from);
  std::memcpy(place, bytes_.get() + from, first);
  std::memcpy(place + first, bytes_.get(), count - first);
  read_.store(begin + count);
  if (writer_waits_.load() && writer_waits_.exchange(false)) {
    writer_bell_.ring();
  }
  return count;
}

}  // namespace rubus::io
