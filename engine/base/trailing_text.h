// An object and the text behind it in one allocation, for things that exist in large numbers.
//
// make_with_text() joins the parts in order behind a default-made T; the text is found at
// trailing_text(). destroy_with_text() undoes both. The only place besides the block pool where
// memory is asked for by hand.
#pragma once

#include <cstring>
#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>

namespace rubus {

template <class T>
T* make_with_text(std::initializer_list<std::string_view> parts) {
  static_assert(std::is_trivially_destructible_v<T>);
  std::size_t size = 0;
  for (const std::string_view part : parts) {
    size += part.size();
  }
  T* const made = new (::operator new(sizeof(T) + size)) T;
  char* text = reinterpret_cast<char*>(made + 1);
  for (const std::string_view part : parts) {
    if (!part.empty()) {
      std::memcpy(text, part.data(), part.size());
      text += part.size();
    }
  }
  return made;
}

template <class T>
const char* trailing_text(const T* object) {
  return reinterpret_cast<const char*>(object + 1);
}

template <class T>
void destroy_with_text(T* object) {
  ::operator delete(object);
}

}  // namespace rubus
