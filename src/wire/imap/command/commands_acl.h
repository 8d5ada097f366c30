#pragma once

#include <cstdint>
#include <string>

#include "wire/imap/command/command_spec.h"

namespace posthorn::wire::imap {

// Access control lists (RFC 4314). Identifiers and rights are as the client wrote them; it is the
// server that knows what they mean.

struct GetAclCommand {
  static constexpr CommandSpec kSpec{.name = "GETACL",
                                     .source = "RFC 4314 §3.3",
                                     .states = kAfterLogin,
                                     .capability = "ACL",
                                     .mailbox_rights = "a"};
  std::string mailbox;
};

struct SetAclCommand {
  static constexpr CommandSpec kSpec{.name = "SETACL",
                                     .source = "RFC 4314 §3.1",
                                     .states = kAfterLogin,
                                     .capability = "ACL",
                                     .mailbox_rights = "a"};
  enum class Mode : std::uint8_t { replace, add, remove };
  std::string mailbox;
  std::string identifier;
  Mode mode = Mode::replace;
  std::string rights;  ///< Without the "+" or "-" that `mode` stands for.
};

struct DeleteAclCommand {
  static constexpr CommandSpec kSpec{.name = "DELETEACL",
                                     .source = "RFC 4314 §3.2",
                                     .states = kAfterLogin,
                                     .capability = "ACL",
                                     .mailbox_rights = "a"};
  std::string mailbox;
  std::string identifier;
};

struct ListRightsCommand {
  static constexpr CommandSpec kSpec{.name = "LISTRIGHTS",
                                     .source = "RFC 4314 §3.4",
                                     .states = kAfterLogin,
                                     .capability = "ACL",
                                     .mailbox_rights = "a"};
  std::string mailbox;
  std::string identifier;
};

struct MyRightsCommand {
  static constexpr CommandSpec kSpec{.name = "MYRIGHTS",
                                     .source = "RFC 4314 §3.5",
                                     .states = kAfterLogin,
                                     .capability = "ACL",
                                     .mailbox_rights = "lrikxa"};
  std::string mailbox;
};

}  // namespace posthorn::wire::imap
