#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace posthorn::net {

enum class DnsType : std::uint8_t { a, aaaa, cname, mx, srv };

/// Asks the system's resolver (libresolv), for commands: look-ups block, for four seconds at most.
/// Not for a server. Thread: one at a time.
class DnsResolver {
 public:
  /// `server` is the IPv4 address of a name server, with or without ":port"; empty: as the system
  /// is configured. Errors: bad_argument for something else; unavailable.
  static Result<DnsResolver> open(const std::string& server);

  /// Returns the records of a name as a zone file has them: "192.0.2.1", "10 mail.example.org.",
  /// "0 1 993 mail.example.org."; names are in lower case. Returns none if there are no such
  /// records, or no such name. Errors: unavailable, if nobody answered or the answer is not known.
  Result<std::vector<std::string>> look_up(const std::string& name, DnsType type);

  DnsResolver(DnsResolver&& other) noexcept;
  ~DnsResolver();

 private:
  struct State;
  explicit DnsResolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posthorn::net
