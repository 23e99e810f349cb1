#include "io/dashboard.h"

#include <openssl/evp.h>

#include "engine/base/ensure.h"

namespace rubus::io {

namespace {

// What stands between <tag> and </tag>, of which the page has one.
std::string_view content_of(std::string_view page, const std::string& tag) {
  const std::string opening = "<" + tag + ">";
  const std::size_t begin = page.find(opening);
  const std::size_t end = page.find("</" + tag + ">");
  ensure(begin != std::string_view::npos && end != std::string_view::npos && begin < end,
         "the dashboard has one style and one script");
  return page.substr(begin + opening.size(), end - begin - opening.size());
}

// As browsers want it: 'sha256-<base64>'.
std::string source_digest(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const int made = EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  ensure(made == 1, "SHA-256 is always there");
  unsigned char base64[2 * EVP_MAX_MD_SIZE];
  const int letters = EVP_EncodeBlock(base64, digest, static_cast<int>(size));
  std::string source = "'sha256-";
  for (int at = 0; at < letters; ++at) {
    source.push_back(static_cast<char>(base64[at]));
  }
  return source + "'";
}

}  // namespace

std::string_view dashboard_page() {
  return {reinterpret_cast<const char*>(dashboard_bytes), dashboard_size};
}

const std::string& dashboard_policy() {
  static const std::string policy =
      "default-src 'none'; connect-src 'self'; img-src data:; style-src " +
      source_digest(content_of(dashboard_page(), "style")) + "; script-src " +
      source_digest(content_of(dashboard_page(), "script")) +
      "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return policy;
}

}  // namespace rubus::io
