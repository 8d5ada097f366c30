#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/smtp/reply.h"

namespace posthorn::wire::smtp {

/// The extensions in a server's reply to EHLO (RFC 5321 §4.1.1.1); none after HELO.
struct Extensions {
  bool pipelining = false;                   ///< RFC 2920.
  bool eight_bit_mime = false;               ///< RFC 6152.
  bool smtputf8 = false;                     ///< RFC 6531.
  bool chunking = false;                     ///< RFC 3030.
  bool binary_mime = false;                  ///< RFC 3030; has no effect without chunking.
  bool dsn = false;                          ///< RFC 3461.
  bool starttls = false;                     ///< RFC 3207.
  bool size = false;                         ///< RFC 1870: MAIL may have a SIZE parameter.
  std::uint64_t max_size = 0;                ///< Maximum size of a message; 0 if not stated.
  std::uint32_t max_recipients = 0;          ///< LIMITS RCPTMAX (RFC 9422); 0 if not stated.
  std::vector<std::string> mechanisms = {};  ///< RFC 4954, in upper case.
  friend bool operator==(const Extensions&, const Extensions&) = default;
};

/// Parses a positive reply to EHLO. Malformed or unknown lines are ignored.
Extensions parse_extensions(const Reply& reply);

}  // namespace posthorn::wire::smtp
