#include "io/tcp_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "io/shard_loop.h"
#include "io/socket_address.h"
#include "io/tls_stream.h"

namespace rubus::io {

struct TcpSocket::ReadWait {
  TcpSocket* socket;

  using allocator_type = HandlerAllocator<void>;
  allocator_type get_allocator() const { return allocator_type(socket->read_memory_); }
  void operator()(const boost::system::error_code&) const {
    socket->waiting_read_ = false;
    socket->loop_.on_readable(*socket);
  }
};

struct TcpSocket::WriteWait {
  TcpSocket* socket;

  using allocator_type = HandlerAllocator<void>;
  allocator_type get_allocator() const { return allocator_type(socket->write_memory_); }
  void operator()(const boost::system::error_code&) const {
    socket->waiting_write_ = false;
    socket->loop_.on_writable(*socket);
  }
};

TcpSocket::TcpSocket(ShardLoop& loop, boost::asio::io_context& context, int descriptor,
                     ConnectionId connection)
    : loop_(loop), socket_(context), connection_(connection) {
  // The protocol is a formality: nothing below asks for addresses.
  boost::system::error_code problem;
  socket_.assign(boost::asio::ip::tcp::v6(), descriptor, problem);
  if (problem) {  // the kernel is out of watches; this connection is refused, nothing else
    ::close(descriptor);
    closed_ = true;
  }
}

TcpSocket::~TcpSocket() = default;

std::string TcpSocket::peer_text() const {
  boost::system::error_code problem;
  const auto peer = socket_.remote_endpoint(problem);
  if (problem) {
    return {};
  }
  boost::asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return host_port_text(address.to_string(), peer.port());
}

Transfer TcpSocket::receive(char* place, std::size_t bytes_max) {
  for (;;) {
    const ssize_t got = ::recv(socket_.native_handle(), place, bytes_max, 0);
    if (got > 0) {
      return {TransferStatus::done, static_cast<std::size_t>(got)};
    }
    if (got == 0) {
      return {TransferStatus::ended, 0};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return {TransferStatus::would_block, 0};
    }
    if (errno != EINTR) {
      return {TransferStatus::failed, 0};
    }
  }
}

Transfer TcpSocket::send(std::span<const iovec> pieces) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg only reads them
  message.msg_iovlen = pieces.size();
  for (;;) {
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      return {TransferStatus::done, static_cast<std::size_t>(sent)};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return {TransferStatus::would_block, 0};
    }
    if (errno != EINTR) {
      return {TransferStatus::failed, 0};
    }
  }
}

void TcpSocket::wait_readable() {
  if (!waiting_read_ && !closed_) {
    waiting_read_ = true;
    socket_.async_wait(StreamSocket::wait_read, ReadWait{this});
  }
}

void TcpSocket::wait_writable() {
  if (!waiting_write_ && !closed_) {
    waiting_write_ = true;
    socket_.async_wait(StreamSocket::wait_write, WriteWait{this});
  }
}

void TcpSocket::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace rubus::io
