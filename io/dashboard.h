// The dashboard: one page for people on the monitoring port, compiled into the binary.
//
// The page is made of io/dashboard/* when the server is built; nothing is read at run time. It only
// shows: it asks the same documents as any tool (varz, connz, routez, leafz, accstatz, healthz),
// by relative addresses. The policy lets it load nothing and talk to nobody but its own server.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rubus::io {

// Of the made source file.
extern const std::size_t dashboard_size;
extern const unsigned char dashboard_bytes[];

std::string_view dashboard_page();

// Its Content-Security-Policy: the page's own style and script are allowed by their digests, so
// text that found a way into the page as markup would still neither run nor load anything.
const std::string& dashboard_policy();

}  // namespace rubus::io
