// A name whose look-up lasts until the test lets it go, whatever the machine's name servers do.
//
// Linked into a test program it stands before the C library's getaddrinfo(): every other name and
// all digits go on to that one.
#pragma once

namespace rubus::io {

// While one lives, looking up `name` does not end; afterwards there is no such host.
class HeldLookUp {
 public:
  static constexpr const char* name = "held.test";

  HeldLookUp();
  HeldLookUp(const HeldLookUp&) = delete;
  HeldLookUp& operator=(const HeldLookUp&) = delete;
  ~HeldLookUp();

  // False: nobody asked within 10 s.
  bool wait_until_asked();
};

}  // namespace rubus::io
