#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/flags.h"

namespace posthorn::demo {

/// One message of the demonstration account, as it would have been appended.
struct DemoMessage {
  std::string mailbox;  ///< Path in UTF-8, levels parted by '/'.
  FlagList flags;
  Timestamp received;
  std::string octets;  ///< RFC 5322 with CRLF; some are broken on purpose, as mail is.
};

/// Makes some 300 invented messages of one person's life: family, work, lists, travel, many scripts
/// and charsets, attachments, forwards, invitations, bounces, one of 5 MB and a few malformed ones.
/// The same seed makes the same octets. Each mailbox's messages come oldest first.
void make_demo_mail(std::uint64_t seed, const std::function<void(const DemoMessage&)>& sink);

}  // namespace posthorn::demo
