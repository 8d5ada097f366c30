#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/imap/command/command_spec.h"

namespace posthorn::wire::imap {

// Names of entries are in lower case, without "*", "%" and empty components, and begin with
// "/private" or "/shared" (RFC 5464 §3.2). An empty mailbox name stands for the server.

/// The entries below those named that are asked for as well (RFC 5464 §4.2.2).
enum class MetadataDepth : std::uint8_t { none, children, all };

struct GetMetadataCommand {
  static constexpr CommandSpec kSpec{.name = "GETMETADATA",
                                     .source = "RFC 5464 §4.2",
                                     .states = kAfterLogin,
                                     .capability = "METADATA",
                                     .mailbox_rights = "rswip"};
  std::string mailbox;
  std::vector<std::string> entries;  ///< At least one.
  MetadataDepth depth = MetadataDepth::none;
  std::optional<std::uint32_t> max_size;  ///< Octets of a value (RFC 5464 §4.2.1).
};

struct SetMetadataCommand {
  static constexpr CommandSpec kSpec{.name = "SETMETADATA",
                                     .source = "RFC 5464 §4.3",
                                     .states = kAfterLogin,
                                     .capability = "METADATA",
                                     .mailbox_rights = "rswip"};
  struct Entry {
    std::string name;
    std::optional<std::string> value;  ///< Any octets; none removes the entry.
  };
  std::string mailbox;
  std::vector<Entry> entries;  ///< At least one.
};

}  // namespace posthorn::wire::imap
