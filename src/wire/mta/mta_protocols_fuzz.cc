#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/lex/lf_lines.h"
#include "wire/mta/auth_protocol.h"
#include "wire/mta/policy.h"
#include "wire/mta/socketmap.h"

namespace mta = posthorn::wire::mta;

namespace {

/// Whatever a value contains, a reply is one line.
void check_line(const std::string& line) {
  if (line.find('\n') != line.size() - 1 || line.contains('\0')) std::abort();
}

void check_auth(std::string_view input) {
  posthorn::wire::lex::LfLines lines(mta::kMaxAuthLine);
  while (auto line = lines.take(input)) {
    static_cast<void>(mta::parse_auth_command(*line));
    static_cast<void>(mta::parse_user_command(*line));
    check_line(mta::format_auth_success(1, *line));
    check_line(mta::format_auth_failure(1, mta::AuthFailure::temporary, *line));
  }
}

/// Reads all requests, `step` octets at a time, and returns how many there are.
template <class Requests>
std::size_t count(std::string_view octets, std::size_t step) {
  Requests requests;
  std::size_t found = 0;
  while (!octets.empty()) {
    std::string_view input = octets.substr(0, step);
    octets.remove_prefix(input.size());
    while (true) {
      const auto request = requests.take(input);
      if (!request) return found;
      if (!*request) break;
      ++found;
    }
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_auth(input);
  if (count<mta::MapRequests>(input, 1) != count<mta::MapRequests>(input, size)) std::abort();
  if (count<mta::PolicyRequests>(input, 1) != count<mta::PolicyRequests>(input, size)) std::abort();
  return 0;
}
