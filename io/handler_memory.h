// HandlerMemory: room for one pending Asio operation, kept inside the object that waits.
//
// A connection has at most one read wait and one write wait; both live in the connection, so that
// arming and re-arming never touches the heap. The owner must outlive its pending operations.
// An operation that does not fit goes to the heap (never seen with Boost 1.81 to 1.88).
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace rubus::io {

class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* take(std::size_t bytes) {
    if (!used_ && bytes <= sizeof room_) {
      used_ = true;
      return room_;
    }
    return ::operator new(bytes);
  }
  void give_back(void* place) {
    if (place == room_) {
      used_ = false;
      return;
    }
    ::operator delete(place);
  }

 private:
  static constexpr std::size_t room_bytes = 128;
  alignas(std::max_align_t) std::byte room_[room_bytes];
  bool used_ = false;
};

template <typename T>
class HandlerAllocator {
 public:
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& memory) : memory_(&memory) {}
  template <typename U>
  HandlerAllocator(const HandlerAllocator<U>& other)  // NOLINT: allocators convert implicitly
      : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(sizeof(T) * count)); }
  void deallocate(T* place, std::size_t) { memory_->give_back(place); }

  template <typename U>
  bool operator==(const HandlerAllocator<U>& other) const {
    return memory_ == other.memory_;
  }

 private:
  template <typename>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

}  // namespace rubus::io
