// What this build calls itself. The only place of both numbers: CMakeLists.txt reads its own here.
//
// `claimed_nats_version` is the NATS server version whose behaviour is implemented; clients gate
// features on it, so it only rises when the features of that version are there.
#pragma once

namespace rubus::io {

inline constexpr char own_version[] = "0.1.0";
inline constexpr char claimed_nats_version[] = "2.12.0";
inline constexpr char toolchain_name[] = "rubus-cpp20";  // INFO "go": honest, this is not Go

}  // namespace rubus::io
