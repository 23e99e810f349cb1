#include "sim/hostile_heap.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RUBUS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define RUBUS_SANITIZED 1
#endif
#endif

namespace rubus::sim {

#ifdef RUBUS_SANITIZED

void set_heap_mood(HeapMood /*mood*/) {}
bool is_heap_hostile() { return false; }

#else

namespace {

// One arena per direction, reused from free lists by size class, so that a long run fits. Every
// piece carries its class in front of it; class 0 is malloc.
constexpr std::size_t arena_bytes = std::size_t{256} << 20U;
constexpr std::size_t header_bytes = 16;
constexpr std::size_t class_step = 32;
constexpr std::size_t classes = 4096;  // up to 128 KiB; larger pieces come from malloc

struct FreePiece {
  FreePiece* next;
};

struct Arena {
  char* begin = nullptr;
  std::size_t used = 0;
  FreePiece* free[classes] = {};
};

HeapMood mood = HeapMood::plain;
Arena arenas[2];

int fill_of(HeapMood wanted) { return wanted == HeapMood::climbing ? 0xAA : 0x55; }

struct Header {
  std::uint32_t size_class;  // 0: malloc
  std::uint32_t arena;
};

void* with_header(char* piece, std::size_t size_class, std::size_t arena) {
  const Header header{static_cast<std::uint32_t>(size_class), static_cast<std::uint32_t>(arena)};
  std::memcpy(piece, &header, sizeof header);
  return piece + header_bytes;
}

void* plain_piece(std::size_t bytes, bool is_filled) {
  char* piece = static_cast<char*>(std::malloc(bytes + header_bytes));
  if (piece == nullptr) {
    std::abort();
  }
  if (is_filled) {
    std::memset(piece, fill_of(mood), bytes + header_bytes);
  }
  return with_header(piece, 0, 0);
}

void* take(std::size_t bytes) {
  if (mood == HeapMood::plain) {
    return plain_piece(bytes, false);
  }
  const std::size_t size_class = (bytes + header_bytes + class_step - 1) / class_step;
  if (size_class >= classes) {
    return plain_piece(bytes, true);
  }
  const std::size_t number = mood == HeapMood::climbing ? 0 : 1;
  Arena& arena = arenas[number];
  const std::size_t size = size_class * class_step;
  char* piece = nullptr;
  if (arena.free[size_class] != nullptr) {
    piece = reinterpret_cast<char*>(arena.free[size_class]);
    arena.free[size_class] = arena.free[size_class]->next;
  } else {
    if (arena.begin == nullptr) {
      arena.begin = static_cast<char*>(std::malloc(arena_bytes));
    }
    if (arena.begin == nullptr || arena.used + size > arena_bytes) {
      return plain_piece(bytes, true);
    }
    arena.used += size;
    piece = number == 0 ? arena.begin + arena.used - size : arena.begin + arena_bytes - arena.used;
  }
  std::memset(piece, fill_of(mood), size);
  return with_header(piece, size_class, number);
}

void give_back(void* memory) {
  if (memory == nullptr) {
    return;
  }
  char* piece = static_cast<char*>(memory) - header_bytes;
  Header header;
  std::memcpy(&header, piece, sizeof header);
  if (header.size_class == 0) {
    std::free(piece);
    return;
  }
  // What is freed is overwritten as well: reading it afterwards differs between the two runs.
  std::memset(piece, header.arena == 0 ? 0xAA : 0x55, header.size_class * class_step);
  FreePiece* freed = reinterpret_cast<FreePiece*>(piece);
  freed->next = arenas[header.arena].free[header.size_class];
  arenas[header.arena].free[header.size_class] = freed;
}

}  // namespace

void set_heap_mood(HeapMood wanted) { mood = wanted; }
bool is_heap_hostile() { return true; }

#endif

}  // namespace rubus::sim

#ifndef RUBUS_SANITIZED

void* operator new(std::size_t bytes) { return rubus::sim::take(bytes); }
void* operator new[](std::size_t bytes) { return rubus::sim::take(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return rubus::sim::take(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return rubus::sim::take(bytes);
}
void operator delete(void* memory) noexcept { rubus::sim::give_back(memory); }
void operator delete[](void* memory) noexcept { rubus::sim::give_back(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  rubus::sim::give_back(memory);
}
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept {
  rubus::sim::give_back(memory);
}

#endif
