#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/smtp/reply.h"

namespace posthorn::wire::smtp {

/// What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1); nothing after HELO.
struct Extensions {
  bool pipelining = false;                   ///< RFC 2920.
  bool eight_bit_mime = false;               ///< RFC 6152.
  bool smtputf8 = false;                     ///< RFC 6531.
  bool chunking = false;                     ///< RFC 3030.
  bool binary_mime = false;                  ///< RFC 3030; means nothing without chunking.
  bool dsn = false;                          ///< RFC 3461.
  bool starttls = false;                     ///< RFC 3207.
  bool size = false;                         ///< RFC 1870: SIZE may stand in MAIL.
  std::uint64_t max_size = 0;                ///< The largest message it takes; 0: it does not say.
  std::uint32_t max_recipients = 0;          ///< LIMITS RCPTMAX (RFC 9422); 0: it does not say.
  std::vector<std::string> mechanisms = {};  ///< RFC 4954, in capitals.
  friend bool operator==(const Extensions&, const Extensions&) = default;
};

/// Of a positive reply to EHLO. What is malformed or not known is passed over.
Extensions parse_extensions(const Reply& reply);

}  // namespace posthorn::wire::smtp
